/* SPDX-License-Identifier: Apache-2.0 */
/*
 * threads MS: one thread that is called "early" from its first moment to the end, and short ones,
 * one after the other, that run as their maker called itself before they are called "late". What a
 * thread runs tells what it is called then: spin_early, spin_unnamed, spin_late.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

#include "argument.h"
#include "spin.h"

enum { PIECE_NS = 10000000 };

#define SPINS(name) \
	__attribute__((noinline)) uint64_t name(uint64_t ns); \
	uint64_t name(uint64_t ns) \
	{ \
		return spin(ns); \
	}

SPINS(spin_early)
SPINS(spin_unnamed)
SPINS(spin_late)

static void *be_early(void *is_over)
{
	pthread_setname_np(pthread_self(), "early");
	while (!__atomic_load_n((bool *)is_over, __ATOMIC_RELAXED))
		KEEP(spin_early(PIECE_NS));
	return NULL;
}

static void *be_late(void *nothing)
{
	KEEP(spin_unnamed(PIECE_NS));
	pthread_setname_np(pthread_self(), "late");
	KEEP(spin_late(PIECE_NS));
	return nothing;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

int main(int argc, char **argv)
{
	pthread_t early, late;
	bool is_over = false;
	uint64_t end;

	if (argc != 2) {
		fputs("usage: threads MS\n", stderr);
		return 2;
	}
	end = now_ns() + (uint64_t)number(argv[1]) * 1000000;
	if (pthread_create(&early, NULL, be_early, &is_over) != 0)
		return 1;
	while (now_ns() < end) {
		if (pthread_create(&late, NULL, be_late, NULL) != 0)
			return 1;
		pthread_join(late, NULL);
	}
	__atomic_store_n(&is_over, true, __ATOMIC_RELAXED);
	pthread_join(early, NULL);
	return 0;
}
