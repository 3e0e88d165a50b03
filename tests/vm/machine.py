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


class Archive:
    """A cpio archive: format "newc" of the kernel's early-userspace/buffer-format.rst."""

    def __init__(self):
        self.data, self.n = b"", 0

    def pad(self):
        self.data += b"\0" * (-len(self.data) % 4)

    def add(self, name, mode, data=b""):
        self.n += 1
        name = name.encode() + b"\0"
        fields = (self.n, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name), 0)
        self.data += b"070701" + b"".join(b"%08x" % n for n in fields) + name
        self.pad()
        self.data += data
        self.pad()

    def add_file(self, name, path, mode):
        with open(path, "rb") as f:
            self.add(name, stat.S_IFREG | mode, f.read())

    def end(self):
        self.add("TRAILER!!!", 0)
        return self.data


def first_root(kernel, init):
    """What the kernel starts from: busybox, the drivers of the disks, and init."""
    archive = Archive()
    for name in ("bin", "dev", "drivers", "new"):
        archive.add(name, stat.S_IFDIR | 0o755)
    for i, path in enumerate(kernel.drivers):  # numbered, as the order of a pattern is that of the alphabet
        archive.add_file("drivers/%d-%s" % (i, os.path.basename(path)), path, 0o644)
    archive.add_file("bin/busybox", BUSYBOX, 0o755)
    archive.add_file("init", init, 0o755)
    for tool in TOOLS:
        archive.add("bin/" + tool, stat.S_IFLNK | 0o777, b"busybox")
    return archive.end()


class Machine:
    """Runs until the guest powers off, panics or has had its time. Its files stay in the folder."""

    def __init__(self, kernel, init, disks, folder):
        self.results_path = os.path.join(folder, "results.tap")
        self.console_path = os.path.join(folder, "console.log")
        root = os.path.join(folder, "first-root.cpio")
        with open(root, "wb") as f:
            f.write(first_root(kernel, init))
        open(self.results_path, "w").close()
        self.argv = ["setpriv", "--pdeathsig", "KILL", QEMU,  # it ends with whoever reads its results
                     "-accel", "tcg,thread=multi", "-machine", "pc", "-cpu", "Haswell-noTSX,-cx16", "-smp", "2", "-m", "2048",
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
    if os.uname().machine != "x86_64":
        raise SystemExit("vm: these machines run the programs of this one, and are x86-64: this one is not")
    missing = [name for name in (QEMU, BUSYBOX, "/sbin/mke2fs", "/sbin/depmod") if not shutil.which(name)]
    if missing:
        raise SystemExit("vm: not here: %s; run packaging/install-deps test" % ", ".join(missing))
