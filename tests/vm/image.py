# SPDX-License-Identifier: Apache-2.0
"""The guest's disks: files of packages that this machine has installed, and the build under test.

Nothing is downloaded, installed or mounted here: `mke2fs -d` fills a file system from a folder.
"""
import glob
import hashlib
import os
import re
import shutil
import subprocess
import tempfile

# What the tests call; their dependencies come along, and the libraries of the build.
PACKAGES = ("bash", "binutils", "coreutils", "dash", "findutils", "grep", "gzip", "kmod", "libc-bin", "linux-perf",
            "mount", "openssl", "procps", "python3", "python3-pytest", "sed", "util-linux")
LEFT_OUT = re.compile(r"^/usr/share/(bash-completion|bug|doc|doc-base|i18n|info|lintian|locale|man|zoneinfo)(/|$)")
OWN_FOLDERS = ("dev", "hearth", "proc", "root", "run", "sys", "tmp")


def installed():
    """{package: names of packages that it needs}; what is provided stands for its provider."""
    form = "${db:Status-Status}\t${Package}\t${Provides}\t${Pre-Depends}, ${Depends}\n"
    needs, providers = {}, {}
    out = subprocess.run(["dpkg-query", "-W", "-f", form], capture_output=True, text=True, check=True).stdout
    for line in out.splitlines():
        status, name, provides, depends = line.split("\t")
        if status == "installed":
            needs[name] = [[re.split(r"[ :(]", either.strip())[0] for either in one.split("|")]
                           for one in depends.split(",") if one.strip()]
            for provided in provides.split(","):
                providers.setdefault(re.split(r"[ :(]", provided.strip())[0], name)
    return needs, providers


def with_dependencies(names):
    needs, providers = installed()
    found, waiting = set(), list(names)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        if name not in needs:
            raise SystemExit("vm: package %s is not installed; run packaging/install-deps test" % name)
        found.add(name)
        for either in needs[name]:
            # Dependencies that dpkg was told to do without are not missed here either.
            waiting += [p for p in (a if a in needs else providers.get(a) for a in either) if p][:1]
    return sorted(found)


def libraries_of(files):
    """The shared libraries that executables and plugins load, under both names."""
    out = subprocess.run(["ldd", *files], capture_output=True, text=True).stdout  # fails for static programs
    paths = set(re.findall(r"=> (/\S+) ", out))
    return sorted(paths | {os.path.realpath(p) for p in paths})


def files_of(packages):
    out = subprocess.run(["dpkg-query", "-L", *packages], capture_output=True, text=True, check=True).stdout
    for path in out.splitlines():
        if not path.startswith("/") or LEFT_OUT.match(path) or not os.path.lexists(path):
            continue
        yield path
        if path.endswith(".py"):  # what was compiled at installation; compiling again takes the guest minutes
            folder, name = os.path.split(path)
            yield from glob.glob(os.path.join(glob.escape(folder), "__pycache__", name[:-3] + ".*.pyc"))


def place(path, root):
    """Copies one file; /bin and its like are links into /usr where the machine has them so."""
    to = root + os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
    if os.path.lexists(to) or path == "/.":
        return
    if os.path.isdir(path) and not os.path.islink(path):
        os.makedirs(to, exist_ok=True)
        return
    os.makedirs(os.path.dirname(to), exist_ok=True)
    shutil.copy2(path, to, follow_symlinks=False)


def add_system(root):
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        if os.path.islink("/" + name):
            os.symlink(os.readlink("/" + name), os.path.join(root, name))
    for name in OWN_FOLDERS:
        os.makedirs(os.path.join(root, name), exist_ok=True)
    os.chmod(os.path.join(root, "tmp"), 0o1777)
    for path in ("/etc/group", "/etc/ld.so.cache", "/etc/passwd"):
        os.makedirs(root + "/etc", exist_ok=True)
        shutil.copy2(path, root + path)
    for name, text in (("hostname", "guest\n"), ("shadow", "root:*:::::::\n")):
        with open(root + "/etc/" + name, "w") as f:
            f.write(text)


def make_disk(folder, path, megabytes):
    """An ext4 file system with what is in the folder, and so much room."""
    unfinished = path + ".new"
    if os.path.exists(unfinished):
        os.unlink(unfinished)
    used = sum(os.lstat(os.path.join(at, name)).st_size // 4096 + 2
               for at, folders, names in os.walk(folder) for name in folders + names) * 4096 >> 20
    subprocess.run(["mke2fs", "-q", "-q", "-t", "ext4", "-O", "^has_journal", "-E", "lazy_itable_init=1", "-d", folder, unfinished,
                    "%dM" % (used * 9 // 8 + 32 + megabytes)], check=True, env=dict(os.environ, PATH=os.environ["PATH"] + ":/sbin:/usr/sbin"))
    os.rename(unfinished, path)


def key_of(packages, libraries):
    """Changes with everything that the disk is made of."""
    versions = subprocess.run(["dpkg-query", "-W", *packages], capture_output=True, text=True, check=True).stdout
    stats = ["%s %d %d" % (p, os.stat(p).st_size, os.stat(p).st_mtime) for p in libraries]
    with open(__file__, "rb") as f:
        return hashlib.sha256("\n".join([versions, *stats]).encode() + f.read()).hexdigest()[:16]


def system_disk(cache, executables):
    """The disk with Debian's files; made again when one of its packages has changed."""
    packages, libraries = with_dependencies(PACKAGES), libraries_of(executables)
    path = os.path.join(cache, "system-%s.ext4" % key_of(packages, libraries))
    if os.path.exists(path):
        return path
    for old in glob.glob(os.path.join(cache, "system-*.ext4*")):
        os.unlink(old)
    with tempfile.TemporaryDirectory(dir=cache) as root:
        os.chmod(root, 0o755)
        add_system(root)
        for file in [*files_of(packages), *libraries]:
            place(file, root)
        make_disk(root, path, 512)
    return path
