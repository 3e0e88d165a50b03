/* SPDX-License-Identifier: Apache-2.0 */
/* Diagnoses the machine: one line of each severity. */
#include "fake.h"

static void diagnose(const struct hearth_diagnosis *d)
{
	d->line(d, 0, "pulse", "60 per minute", NULL);
	d->line(d, 1, "temperature", "38 degrees", "drink water");
	d->line(d, 2, "leg", "broken", "see a surgeon");
}

static const struct hearth_component component = {
	.size = sizeof(component),
	.kind = HEARTH_CONTROLLER,
	.name = "fake-patient",
	.create = fake_create,
	.destroy = free,
	.diagnose = diagnose,
};

FAKE_PLUGIN("fake-patient");
