/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that hold a secret: an option names the path, the host reads the content. A value without
 * "/" is looked for in $CREDENTIALS_DIRECTORY (systemd) if that is set; other relative paths
 * begin at the folder of the file that names them.
 */
#pragma once

#include <stdbool.h>

/*
 * text: the option's value; named_in: the file that it stands in, or NULL (relative to the working
 * directory). *ret_path gets where it was looked for, *ret_content the text with one trailing
 * newline removed, both allocated. On failure *ret_why gets an allocated sentence: -EACCES (it
 * may be there, this user cannot tell), -EINVAL for all else that a user can mend, -ENOMEM.
 *
 * The sentence shows the value only where it can hardly be a secret that somebody wrote in place
 * of its path.
 */
int secret_read(const char *text, const char *named_in, char **ret_path, char **ret_content,
		char **ret_why);

/* True if the value names a file, or could: then `config show` may print it. */
bool secret_text_is_path(const char *text, const char *named_in);
