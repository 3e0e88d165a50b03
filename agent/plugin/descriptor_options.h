/* SPDX-License-Identifier: Apache-2.0 */
/* The part of descriptor_read() that checks a plugin's option tables. */
#pragma once

#include "config/option.h"

/*
 * Every row of a table as its plugin declares it, defaults included. Names in `reserved`
 * (NULL-ended, may be NULL) are the host's. -E2BIG or -EINVAL with an allocated sentence.
 */
int descriptor_check_options(const struct option_table *t, const char *const *reserved,
			     char **ret_why);
