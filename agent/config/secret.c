/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads what must not be shown. The commonest mistake is to write the token itself where its path
 * belongs; the message about the missing file would then carry it into every log. So a value is
 * repeated only if it has a "/" and lies in a folder that exists.
 */
#include "config/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "config/paths.h"
#include "util/cleanup.h"
#include "util/file.h"
#include "util/str.h"
#include "util/sys.h"

#define MAX_SECRET (64u << 10)

static char *secret_folder(const char *text, const char *named_in)
{
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");

	if (credentials && *credentials && !strchr(text, '/'))
		return str_format("%s", credentials);
	return named_in ? path_folder(named_in) : str_format(".");
}

static char *secret_path(const char *text, const char *named_in)
{
	_cleanup_free_ char *folder = NULL;

	if (*text == '/')
		return str_format("%s", text);
	folder = secret_folder(text, named_in);
	return folder ? path_join(folder, text) : NULL;
}

static bool folder_exists(const char *path)
{
	_cleanup_free_ char *folder = path_folder(path);
	struct stat st;

	/* "/Zm9v…" may be base64; nobody keeps secrets in the root folder. */
	return folder && !str_equal(folder, "/") && stat(folder, &st) == 0 && S_ISDIR(st.st_mode);
}

bool secret_text_is_path(const char *text, const char *named_in)
{
	_cleanup_free_ char *path = secret_path(text, named_in);

	if (!path)
		return false;
	return access(path, F_OK) == 0 || (strchr(text, '/') && folder_exists(path));
}

static char *missing_sentence(const char *text, const char *named_in, const char *path)
{
	_cleanup_free_ char *folder = path_folder(path);

	if (secret_text_is_path(text, named_in))
		return str_format("there is no file %s", path);
	if (!strchr(text, '/') && folder)
		return str_format("there is no such file in %s (the value is not shown: it may be the secret "
				  "itself)", str_equal(folder, ".") ? "the working directory" : folder);
	return str_format("there is no such file (the value is not shown: it may be the secret itself)");
}

static int refuse(char **ret_why, char *sentence)
{
	*ret_why = sentence;
	return sentence ? -EINVAL : -ENOMEM;
}

/* O_NONBLOCK: a FIFO must not hang `hearth check`. */
static int secret_open(const char *text, const char *named_in, const char *path, char **ret_why)
{
	int fd = sys_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);

	if (fd >= 0)
		return fd;
	if (fd == -ENOENT || fd == -ENOTDIR || fd == -ENAMETOOLONG)
		return refuse(ret_why, missing_sentence(text, named_in, path));
	*ret_why = str_format("%s cannot be read: %s", path, strerror(-fd));
	if (!*ret_why)
		return -ENOMEM;
	return fd == -EACCES ? fd : -EINVAL;
}

static int secret_check(int fd, const char *path, char **ret_why)
{
	struct stat st;
	int r = sys_fstat(fd, &st);

	if (r < 0)
		return refuse(ret_why, str_format("%s cannot be read: %s", path, strerror(-r)));
	if (!S_ISREG(st.st_mode))
		return refuse(ret_why, str_format("%s is not a regular file", path));
	if (st.st_mode & 0007)
		return refuse(ret_why, str_format("%s is open to every user (mode %04o); run: chmod 600 %s",
						  path, (unsigned int)st.st_mode & 07777, path));
	return 0;
}

static void newline_strip(char *text, size_t len)
{
	if (len && text[len - 1] == '\n')
		text[--len] = '\0';
	if (len && text[len - 1] == '\r')
		text[--len] = '\0';
}

static int content_read(int fd, const char *path, char **ret, char **ret_why)
{
	_cleanup_free_ char *content = NULL;
	size_t len;
	int r = fd_read_all(fd, MAX_SECRET, &content, &len);

	if (r == -EFBIG)
		return refuse(ret_why, str_format("%s is larger than 64 KiB; is it the right file?", path));
	if (r < 0)
		return refuse(ret_why, str_format("%s cannot be read: %s", path, strerror(-r)));
	if (strlen(content) != len)
		return refuse(ret_why, str_format("%s holds a NUL character; a secret is text", path));
	newline_strip(content, len);
	if (!*content)
		return refuse(ret_why, str_format("%s is empty", path));
	*ret = TAKE_PTR(content);
	return 0;
}

int secret_read(const char *text, const char *named_in, char **ret_path, char **ret_content,
		char **ret_why)
{
	_cleanup_free_ char *path = secret_path(text, named_in);
	_cleanup_close_ int fd = -1;
	int r;

	if (!path)
		return -ENOMEM;
	fd = secret_open(text, named_in, path, ret_why);
	if (fd < 0)
		return fd;
	r = secret_check(fd, path, ret_why);
	if (r == 0)
		r = content_read(fd, path, ret_content, ret_why);
	if (r < 0)
		return r;
	*ret_path = TAKE_PTR(path);
	return 0;
}
