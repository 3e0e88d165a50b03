/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What is in one file, as a zstd frame with a checksum, to the end of another, and to its disk. Takes
 * some MiB meanwhile, however large the file is. 0 or -errno; -ENOMEM.
 */
int compress_file(int from, int to);
