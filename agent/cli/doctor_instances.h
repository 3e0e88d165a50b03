/* SPDX-License-Identifier: Apache-2.0 */
/* The part of `hearth doctor` about what is configured, not about what could be. */
#pragma once

struct config;
struct diagnosis;
struct registry;

/*
 * Has each enabled instance say whether what its options name can be reached; prints a section
 * for each that has something to say. 0 or -ENOMEM.
 */
int doctor_look_at_instances(struct registry *registry, const struct config *config,
			     struct diagnosis *d);
