/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hearth.control/1: runs, started and watched by a controller.
 *
 * A run is "do this for 60 s and tell me what came out": an overlay of the configuration,
 * labels, an end condition, and a result. It adds instances of its own (cpu-sampler#7) and
 * never edits those of the configured pipeline.
 */
#ifndef HEARTH_CONTROL_H
#define HEARTH_CONTROL_H

#include <hearth/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HEARTH_CONTROL_SERVICE "hearth.control/1"

/* hearth_run_event.state */
enum {
	HEARTH_RUN_STARTED = 1,
	HEARTH_RUN_FINISHED = 2, /* every sink has completed its output */
	HEARTH_RUN_FAILED = 3,
};

struct hearth_run_event {
	uint32_t size, state;
	const char *run;    /* id */
	const char *error;  /* FAILED: why; else NULL */
	const char *result; /* JSON as in summary.json: instances, counts, artifacts, receipts */
};

typedef void (*hearth_run_fn)(void *ctx, const struct hearth_run_event *event);

/* error: NULL, or why everything is as it was. */
typedef void (*hearth_overlay_fn)(void *ctx, const char *error);

/* [instance thread], all of them; callbacks come on the instance thread. */
struct hearth_control {
	uint32_t size, reserved;

	/*
	 * Starts a run; plan->command must be NULL, plan->output is not used. ret_run gets the id
	 * (37 bytes). 0: fn gets STARTED and later FINISHED or FAILED, or FAILED at once, with a
	 * message: an overlay that is not valid, a source that cannot start.
	 */
	int32_t (*run_start)(const struct hearth_host *h, const struct hearth_run_plan *plan,
			     char ret_run[37], hearth_run_fn fn, void *ctx);
	/* Ends a run early; its output is completed. A run that has ended already stays so. */
	int32_t (*run_stop)(const struct hearth_host *h, const char *run);
	/*
	 * Replaces the control overlay of the configured pipeline: YAML text that may enable,
	 * disable and set options, never rewire; "" removes it. Takes the path of a reload, and
	 * fn is told how that went; when it was refused the old overlay stays.
	 */
	int32_t (*overlay)(const struct hearth_host *h, const char *yaml, hearth_overlay_fn fn,
			   void *ctx);
};

#ifdef __cplusplus
}
#endif
#endif
