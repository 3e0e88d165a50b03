/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A load whose profile is known beforehand: a made-up shop that serves orders, twenty calls deep
 * from main to the function that burns the time, with fixed shares. The quickstart shows it on an
 * idle machine; the end-to-end tests compare its stacks, frame by frame, with what perf sees.
 *
 *   hearth-demo [SECONDS [PROCESSES]]        default: until it is killed, one process
 *
 * Built with frame pointers, without inlining and without tail calls, so that each call below is
 * a frame.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Rounds of work per order: the shares of the profile are 50, 30 and 20 %. */
enum { HASH_ROUNDS = 5000, SORT_ROUNDS = 3000, PARSE_ROUNDS = 2000 };

static volatile uint64_t sink; /* keeps the compiler from dropping the work */

#define FRAME __attribute__((noinline))

/* A function that burns time; asking for its frame's address makes the compiler give a leaf one. */
#define BURNS(name, rounds) \
	static FRAME uint64_t name(uint64_t order) \
	{ \
		__asm__ volatile("" : : "r"(__builtin_frame_address(0))); \
		for (unsigned int i = 0; i < (rounds); i++) { \
			order ^= order << 13; \
			order ^= order >> 7; \
			order ^= order << 17; \
		} \
		return order; \
	}

BURNS(hash_block, HASH_ROUNDS)
BURNS(compare_prices, SORT_ROUNDS)
BURNS(scan_token, PARSE_ROUNDS)

/* A function that only calls the next one. The asm keeps the call from becoming a jump. */
#define CALLS(name, next) \
	static FRAME uint64_t name(uint64_t order) \
	{ \
		uint64_t r = next(order); \
		__asm__ volatile("" : "+r"(r)); \
		return r; \
	}

/* The end of each branch, innermost first. */
CALLS(hash_update, hash_block)
CALLS(hash_signature, hash_update)
CALLS(sign_receipt, hash_signature)
CALLS(merge_runs, compare_prices)
CALLS(sort_offers, merge_runs)
CALLS(rank_offers, sort_offers)
CALLS(parse_value, scan_token)
CALLS(parse_object, parse_value)
CALLS(parse_order, parse_object)

static FRAME uint64_t fulfil_order(uint64_t order)
{
	uint64_t r = parse_order(order);

	r += rank_offers(r);
	r += sign_receipt(r);
	return r;
}

/* From the connection to the order, innermost first. */
CALLS(reserve_stock, fulfil_order)
CALLS(lock_account, reserve_stock)
CALLS(charge_card, lock_account)
CALLS(apply_discounts, charge_card)
CALLS(price_cart, apply_discounts)
CALLS(load_cart, price_cart)
CALLS(check_out, load_cart)
CALLS(authorize, check_out)
CALLS(limit_rate, authorize)
CALLS(route_request, limit_rate)
CALLS(decode_request, route_request)
CALLS(handle_connection, decode_request)
CALLS(serve_customer, handle_connection)

static double seconds_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static FRAME void run_shop(double seconds)
{
	double end = seconds_now() + seconds;
	uint64_t order = 88172645463325252u;

	do {
		for (int i = 0; i < 100; i++)
			order += serve_customer(order);
		sink = order;
	} while (seconds <= 0 || seconds_now() < end);
}

int main(int argc, char **argv)
{
	double seconds = argc > 1 ? strtod(argv[1], NULL) : 0;
	long processes = argc > 2 ? strtol(argv[2], NULL, 10) : 1;
	int status = 0;

	for (long i = 1; i < processes; i++) {
		pid_t pid = fork();

		if (pid < 0) {
			perror("hearth-demo: fork");
			return 1;
		}
		if (pid == 0) {
			run_shop(seconds);
			return 0;
		}
	}
	run_shop(seconds);
	while (wait(&status) > 0 || errno == EINTR)
		;
	return 0;
}
