/* SPDX-License-Identifier: Apache-2.0 */
/* The pages of all verbs: the host's, then those of the plugins at hand. */
#pragma once

#include "cli/page.h"
#include "plugin/loader.h"

/* Loads every plugin of the registry, which must outlive the list. Broken ones are left out. */
int pages_collect(struct registry *plugins, struct page_list *ret);
void pages_done(struct page_list *l);
/* NULL if there is none. */
const struct page *pages_find(const struct page_list *l, const char *verb);

struct cli_verb;
struct page page_of_host(const struct cli_verb *v);
struct page page_of_plugin(const struct verb *v);
