/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host for unit tests: one component, one instance, no threads, a clock that stands still
 * until the test moves it. Everything that the component does to its host is kept to be looked
 * at. C11 and C++17, header only.
 *
 *	struct hearth_mock source, m;
 *	struct hearth_flat f;
 *
 *	hearth_mock_init(&source, NULL);                     // only to build batches with
 *	hearth_flat_emit(&builder, &source.host, HEARTH_PROFILE_SCHEMA, NULL);
 *
 *	hearth_mock_init(&m, &my_component);                 // options have their defaults
 *	hearth_mock_set(&m, "interval=10s");
 *	assert(hearth_mock_create(&m) == 0 && hearth_mock_start(&m) == 0);
 *	assert(hearth_mock_feed(&m, hearth_mock_emitted(&source, 0)) == 0);
 *	hearth_mock_advance(&m, 10 * HEARTH_MOCK_SECOND);    // fires the timers
 *	assert(hearth_mock_finish(&m) == 0);
 *	assert(hearth_flat_open(&f, hearth_mock_emitted(&m, 0)) == 0);
 *	assert(hearth_mock_counter(&m, "samples_taken") == 3);
 *	assert(hearth_mock_done(&m) == 0 && hearth_mock_done(&source) == 0);
 *
 * To be stricter than a real host: a batch that consume() neither retains nor derives from is
 * freed at once, and emitted memory is copied and released at once, so that a sanitizer sees
 * whoever still reads it; done() answers how many batches were never released.
 */
#ifndef HEARTH_MOCK_H
#define HEARTH_MOCK_H

#include <hearth/mock_drive.h>

#endif
