/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Refusals with a sentence: `return why(ret_why, -EINVAL, "…", …)` stores an allocated text for
 * the caller and answers the error, or -ENOMEM (text NULL) if there was no memory for it.
 */
#pragma once

#include <errno.h>

#include "util/str.h"

#define why(ret_why, r, ...) \
	({ \
		int why_r_ = (r); \
		*(ret_why) = str_format(__VA_ARGS__); \
		*(ret_why) ? why_r_ : -ENOMEM; \
	})
