/* SPDX-License-Identifier: Apache-2.0 */
/* What control groups look like under the runtimes of the field. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "common/cleanup.h"
#include "container.h"

#define ID "4f2d6a1c9e0b8d7f6a5b4c3d2e1f0a9b8c7d6e5f4a3b2c1d0e9f8a7b6c5d4e3f"
#define OTHER "00000000000000000000000000000000000000000000000000000000000000aa"
#define UID "1a2b3c4d-5e6f-7a8b-9c0d-1e2f3a4b5c6d"
#define SYSTEMD_UID "1a2b3c4d_5e6f_7a8b_9c0d_1e2f3a4b5c6d"

static void container_is_found_in_the_path(void **state)
{
	static const struct {
		const char *text, *id, *pod_uid;
	} cases[] = {
		{ "0::/system.slice/docker-" ID ".scope\n", ID, "" },
		{ "12:memory:/docker/" ID "\n11:cpu,cpuacct:/docker/" ID "\n", ID, "" },
		{ "0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" SYSTEMD_UID
		  ".slice/cri-containerd-" ID ".scope\n", ID, UID },
		{ "0::/kubepods/besteffort/pod" UID "/" ID, ID, UID },
		{ "0::/kubepods.slice/kubepods-pod" SYSTEMD_UID ".slice/crio-" ID ".scope/container\n",
		  ID, UID },
		{ "0::/kubepods/pod0123456789abcdef0123456789abcdef/" ID "\n", ID,
		  "0123456789abcdef0123456789abcdef" },
		{ "0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID
		  ".scope/container\n", ID, "" },
		{ "0::/ecs/task/0123456789abcdef0123456789abcdef-1234567890\n",
		  "0123456789abcdef0123456789abcdef-1234567890", "" },
		/* one within the other: the inner one */
		{ "0::/docker/" OTHER "/kubepods/pod" UID "/" ID "\n", ID, UID },
		{ "0::/docker/" ID "/init.scope\n", ID, "" },
		/* seen from another namespace */
		{ "0::/../cri-containerd-" ID ".scope\n", ID, "" },
		/* the first hierarchy that knows */
		{ "1:name=systemd:/\n0::/docker/" ID "\n", ID, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct container c;

		container_parse(cases[i].text, strlen(cases[i].text), &c);
		assert_string_equal(c.id, cases[i].id);
		assert_string_equal(c.pod_uid, cases[i].pod_uid);
	}
}

static void what_only_looks_like_one_is_none(void **state)
{
	static const char *const cases[] = {
		"", "0::/\n", "0::/init.scope\n", "0::/system.slice/ssh.service\n", "garbage", ":::::\n",
		"0::/user.slice/user-0.slice/session-1.scope\n",
		"0::/machine.slice/libpod-conmon-" ID ".scope\n", /* watches from outside */
		"0::/docker/" ID "0\n",                            /* 65 digits */
		"0::/docker/4F2D6A1C9E0B8D7F6A5B4C3D2E1F0A9B8C7D6E5F4A3B2C1D0E9F8A7B6C5D4E3F\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct container c;

		container_parse(cases[i], strlen(cases[i]), &c);
		assert_string_equal(c.id, "");
		assert_string_equal(c.pod_uid, "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(container_is_found_in_the_path),
		cmocka_unit_test(what_only_looks_like_one_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
