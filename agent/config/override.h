/* SPDX-License-Identifier: Apache-2.0 */
/* `--set` and `--sink`: what a command line changes, as trees to lay on the configuration. */
#pragma once

#include "config/error.h"
#include "config/node.h"

/*
 * "instance.option=value" or a key of the host ("log.level=debug"). `below` tells which instances
 * there are: their names may hold dots, and setting an option does not make an instance.
 * 0, -EINVAL with a message, or -ENOMEM.
 */
int override_set(const char *text, const struct node *below, struct config_errors *errors,
		 struct node **ret);
/* "name:option=value,…": makes or changes the instance, and enables it. */
int override_sink(const char *text, const struct node *below, struct config_errors *errors,
		  struct node **ret);
