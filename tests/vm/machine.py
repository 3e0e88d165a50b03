# SPDX-License-Identifier: Apache-2.0
"""One run of QEMU: an emulated machine with two CPUs, a console and a port that results come by.

Emulation, not virtualisation: it needs nothing of the host, and works inside other virtual
machines. `-cpu max` and the mitigations of CPU bugs each double the time that everything takes.

cx16 is off because QEMU 7.2 leaves wrong flags behind CMPXCHG16B: one boot in three ended in a
double fault where an interrupt met them. Kernels do without it.
"""
import os
import shutil
import stat
import subprocess
import time

QEMU = "qemu-system-x86_64"
BUSYBOX = "/bin/busybox"
COMMAND_LINE = "console=ttyS0 panic=-1 mitigations=off no_timer_check ignore_loglevel"
TOOLS = ("insmod", "mkdir", "mount", "sh", "switch_root", "umount")


def entry(name, mode, data=b"", inode=[0]):
    """One file of a cpio archive: format "newc" of the kernel's early-userspace/buffer-format.rst."""
    inode[0] += 1
    padded = name.encode() + b"\0"
    head = "070701" + "".join("%08x" % n for n in (inode[0], mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(padded), 0))
    out = head.encode() + padded
    out += b"\0" * (-len(out) % 4) + data
    return out + b"\0" * (-len(out) % 4)


def first_root(kernel, init):
    """The archive that the kernel starts from: busybox, the drivers of the disks, and init."""
    parts = [entry(name, stat.S_IFDIR | 0o755) for name in ("bin", "dev", "drivers", "new")]
    for i, path in enumerate(kernel.drivers):
        with open(path, "rb") as f:
            parts.append(entry("drivers/%d-%s" % (i, os.path.basename(path)), stat.S_IFREG | 0o644, f.read()))
    for name, path in (("bin/busybox", BUSYBOX), ("init", init)):
        with open(path, "rb") as f:
            parts.append(entry(name, stat.S_IFREG | 0o755, f.read()))
    parts += [entry("bin/" + tool, stat.S_IFLNK | 0o777, b"busybox") for tool in TOOLS]
    return b"".join(parts) + entry("TRAILER!!!", 0)


class Machine:
    """Runs until the guest powers off, panics or has had its time. Its files stay in the folder."""

    def __init__(self, kernel, init, disks, folder):
        self.results_path = os.path.join(folder, "results.tap")
        self.console_path = os.path.join(folder, "console.log")
        root = os.path.join(folder, "first-root.cpio")
        with open(root, "wb") as f:
            f.write(first_root(kernel, init))
        open(self.results_path, "w").close()
        self.argv = [QEMU, "-accel", "tcg,thread=multi", "-machine", "pc", "-cpu", "Haswell-noTSX,-cx16", "-smp", "2", "-m", "2048",
                     "-nodefaults", "-display", "none", "-no-reboot", "-kernel", kernel.image, "-initrd", root,
                     "-append", COMMAND_LINE, "-serial", "file:" + self.console_path, "-serial", "file:" + self.results_path]
        for disk in disks:
            self.argv += ["-drive", "if=virtio,format=raw,snapshot=on,file=" + disk]
        self.errors_path = os.path.join(folder, "qemu.log")

    def lines(self, seconds):
        """Yields what the guest says on its result port, while it runs. Kills it when the time is up."""
        with open(self.errors_path, "w") as errors, open(self.results_path) as results:
            process = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors)
            end, line = time.monotonic() + seconds, ""
            try:
                is_over = False
                while not is_over:
                    is_over = process.poll() is not None or time.monotonic() > end
                    for piece in iter(results.readline, ""):
                        line += piece
                        if line.endswith("\n"):
                            yield line.rstrip("\r\n")
                            line = ""
                    if not is_over:
                        time.sleep(0.1)
            finally:
                process.kill()
                process.wait()

    def last_words(self, n=40):
        """The end of what QEMU and the console said."""
        text = ""
        for path in (self.errors_path, self.console_path):
            if os.path.exists(path):
                with open(path, errors="replace") as f:
                    text += f.read()
        return "\n".join(line.rstrip()[:300] for line in text.splitlines()[-n:])


def check_host():
    """Says what is missing, before anything is downloaded."""
    missing = [name for name in (QEMU, BUSYBOX, "/sbin/mke2fs", "/sbin/depmod") if not shutil.which(name)]
    if missing:
        raise SystemExit("vm: not here: %s; run packaging/install-deps test" % ", ".join(missing))
