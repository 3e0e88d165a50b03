# SPDX-License-Identifier: Apache-2.0
"""Debian's kernels for clouds, as packages that are unpacked and never installed.

apt fetches and verifies them with lists of its own, from wherever this machine gets its Debian
packages: nothing of the machine's own apt is changed.
"""
import fnmatch
import json
import lzma
import os
import re
import shutil
import subprocess
import tempfile

import image

SUITES = {"6.1": "bookworm", "6.12": "bookworm-backports"}
META = "linux-image-cloud-amd64"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
# Order matters: each may need those before it. One that the kernel has built in is no file.
FOR_DISKS = ("virtio", "virtio_ring", "virtio_pci_modern_dev", "virtio_pci_legacy_dev", "virtio_pci", "virtio_blk")
# Graphics, sound and the like are never touched here; what is left out of them is two thirds of the disk.
MODULES = ("kernel/arch/*", "kernel/crypto/*", "kernel/drivers/block/*", "kernel/drivers/virtio/*", "kernel/fs/*", "kernel/lib/*",
           "kernel/mm/*", "modules.builtin", "modules.builtin.modinfo", "modules.order")


class Kernel:
    """release: as uname says it; image: what boots; disk: its modules; drivers: files to insert before there are disks."""

    def __init__(self, folder):
        with open(os.path.join(folder, "kernel.json")) as f:
            self.release = json.load(f)["release"]
        self.image = os.path.join(folder, "vmlinuz")
        self.disk = os.path.join(folder, "modules.ext4")
        self.drivers = [path for name in FOR_DISKS for path in [os.path.join(folder, "drivers", name + ".ko")] if os.path.exists(path)]


def run(*argv, cwd=None):
    r = subprocess.run(argv, cwd=cwd, capture_output=True, text=True)
    if r.returncode:
        raise SystemExit("vm: %s: exit status %d\n%s" % (" ".join(argv), r.returncode, (r.stdout + r.stderr)[-2000:]))
    return r.stdout


def debian_archive():
    """Where this machine gets Debian from, by the suite that it runs itself."""
    with open("/etc/os-release") as f:
        release = dict(line.rstrip().replace('"', "").split("=", 1) for line in f if "=" in line)
    uris = run("apt-get", "--print-uris", "update") if release.get("ID") == "debian" else ""
    found = re.search(r"'(\S+)/dists/%s/(?:In)?Release'" % re.escape(release.get("VERSION_CODENAME", "?")), uris)
    if not found:
        raise SystemExit("vm: the kernels are Debian's, and this machine has no source of Debian packages; "
                         "run these tests on Debian, or leave them out: tests/run --only …")
    return found.group(1)


def fetch(series, folder):
    """Downloads the kernel package of a series into the folder; answers its path."""
    for name in ("lists/partial", "archives/partial"):
        os.makedirs(os.path.join(folder, name))
    sources = os.path.join(folder, "sources.list")
    with open(sources, "w") as f:
        f.write("deb [signed-by=%s target=Packages] %s %s main\n" % (KEYRING, debian_archive(), SUITES[series]))
    apt = ["-o", "Dir::Etc::SourceList=" + sources, "-o", "Dir::Etc::SourceParts=/dev/null",
           "-o", "Dir::State::Lists=" + os.path.join(folder, "lists"), "-o", "Dir::Cache=" + folder,
           # The folder is root's alone.
           "-o", "APT::Sandbox::User=root",
           "-o", "Acquire::Retries=3"]
    run("apt-get", *apt, "update")
    about = run("apt-cache", *apt, "-o", "APT::Default-Release=" + SUITES[series], "show", "--no-all-versions", META)
    package = re.search(r"^Depends: (\S+)", about, re.M).group(1)
    run("apt-get", *apt, "download", package, cwd=folder)
    return next(os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".deb"))


def plain(path):
    """The bytes of a module, which newer packages compress."""
    with (lzma.open if path.endswith(".xz") else open)(path, "rb") as f:
        return f.read()


def take_modules(source, root):
    """Those of MODULES, uncompressed, into a folder that depmod has been through."""
    release = os.path.basename(source)
    for at, _, names in os.walk(source):
        for name in names:
            path = os.path.relpath(os.path.join(at, name), source)
            if not any(fnmatch.fnmatch(path, wanted) for wanted in MODULES):
                continue
            to = os.path.join(root, release, path)
            os.makedirs(os.path.dirname(to), exist_ok=True)
            with open(to[:-3] if to.endswith(".xz") else to, "wb") as f:
                f.write(plain(os.path.join(at, name)))
    tree = os.path.join(root, "tree")  # depmod looks below lib/modules
    os.makedirs(os.path.join(tree, "lib"))
    os.symlink(root, os.path.join(tree, "lib", "modules"))
    run("/sbin/depmod", "-b", tree, release)
    shutil.rmtree(tree)


def unpack(package, work, folder):
    root = os.path.join(work, "root")
    run("dpkg-deb", "-x", package, root)
    modules = os.path.join(root, "lib", "modules")
    release = os.listdir(modules)[0]
    taken = os.path.join(work, "modules")
    take_modules(os.path.join(modules, release), taken)
    os.makedirs(os.path.join(folder, "drivers"))
    for at, _, names in os.walk(taken):
        for name in names:
            if name.endswith(".ko") and name[:-3] in FOR_DISKS:
                shutil.copy(os.path.join(at, name), os.path.join(folder, "drivers", name))
    image.make_disk(taken, os.path.join(folder, "modules.ext4"), 0)
    shutil.copy(os.path.join(root, "boot", "vmlinuz-" + release), os.path.join(folder, "vmlinuz"))
    with open(os.path.join(folder, "kernel.json"), "w") as f:
        json.dump({"release": release, "package": os.path.basename(package)}, f)


def kernel(series, cache):
    """The newest kernel of a series, or the one that was fetched before."""
    folder = os.path.join(cache, "linux-" + series)
    if os.path.exists(folder):
        return Kernel(folder)
    with tempfile.TemporaryDirectory(dir=cache) as work:
        ready = os.path.join(work, "ready")
        os.makedirs(ready)
        unpack(fetch(series, os.path.join(work, "apt")), work, ready)
        os.rename(ready, folder)
    return Kernel(folder)
