/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An instance of a component: its thread, its loop, its mailbox and its state. The only place
 * that calls plugins. What belongs to whom is said at the fields in instance.c; other code uses
 * these functions, from the main thread unless tagged [any thread].
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <hearth/plugin.h>

#include "config/option.h"
#include "plugin/descriptor.h"

struct instance;

/* The instance behind a host vtable that a plugin passed to a service. [any thread] */
struct instance *instance_from_host(const struct hearth_host *h);
const char *instance_name(const struct instance *i); /* [any thread] */

/*
 * Runs fn(ctx) on the instance's thread; if the instance ends first, drop(ctx) instead (may be
 * NULL), on some thread. One of the two is called exactly once. [any thread]
 */
void instance_post(struct instance *i, void (*fn)(void *ctx), void (*drop)(void *ctx), void *ctx);
