/* SPDX-License-Identifier: Apache-2.0 */
/* The command lines that helpers are started with; agent/cli/helper.c reads them. */
#pragma once

#include "helper/helpers.h"

/* The caller's to free. 0 or -ENOMEM. */
int arguments_of_opener(const struct helper_options *options, char ***ret);
int arguments_of_inspector(const struct helper_options *options, char ***ret);
