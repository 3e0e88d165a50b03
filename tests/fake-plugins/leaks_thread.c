/* SPDX-License-Identifier: Apache-2.0 */
/* Starts a thread and does not join it. */
#include <pthread.h>
#include <unistd.h>

#include "fake.h"

static void *stay(void *ctx)
{
	for (;;)
		pause();
	return ctx;
}

static int32_t start(void *instance)
{
	pthread_t thread;

	(void)instance;
	return -pthread_create(&thread, NULL, stay, NULL);
}

static const struct hearth_component component = {
	.size = sizeof(component),
	.kind = HEARTH_SINK,
	.name = "fake-leaks-thread",
	.accepts = FAKE_ANY,
	.create = fake_create,
	.start = start,
	.consume = fake_consume,
	.destroy = free,
};

FAKE_PLUGIN("fake-leaks-thread");
