#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every public header stands alone, in C11 and in C++17, for gcc and for clang, without a warning.
# `headers.sh --self-test` proves that it can fail.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
warnings="-Wall -Wextra -Wpedantic -Werror -Wconversion -Wno-sign-conversion"

for compiler in gcc g++ clang clang++; do
	if ! command -v "$compiler" >/dev/null; then
		echo "headers.sh: $compiler is missing; apt-get install gcc g++ clang"
		exit 1
	fi
done

# check FOLDER: every hearth/*.h below it, included first and alone
check() {
	failed=0
	for path in "$1"/*/hearth/*.h; do
		header=hearth/$(basename "$path")
		for how in "gcc -std=c11 -xc" "clang -std=c11 -xc" "g++ -std=c++17 -xc++" "clang++ -std=c++17 -xc++"; do
			# shellcheck disable=SC2086 # words are meant to split
			if ! message=$(echo "#include <$header>" | $how $warnings -I"$1/include" -I"$1/mock" -fsyntax-only - 2>&1); then
				echo "$path:1: does not compile alone with ${how% -x*}: $(echo "$message" | grep -m1 error)"
				failed=1
			fi
		done
	done
	return $failed
}

if [ "${1-}" = --self-test ]; then
	folder=$(mktemp -d)
	trap 'rm -r "$folder"' EXIT
	mkdir -p "$folder/include/hearth"
	echo 'static inline int one(void) { return 1; }' >"$folder/include/hearth/good.h"
	check "$folder" || exit 1
	echo 'uint32_t without_stdint;' >"$folder/include/hearth/bad.h"
	! check "$folder" >/dev/null
	exit
fi
check "$root/sdk"
