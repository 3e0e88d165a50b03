# SPDX-License-Identifier: Apache-2.0
"""Other people's tools, of versions that do not change under the tests, each installed once into a
folder of the build. They come from the registries that apt, go, cargo and npm are set up for."""
import os
import re
import shutil
import subprocess
import time
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
INSTALL_SECONDS = 300

GO = "1.24.4"
PERF = "6.12"
INFERNO = "0.12.8"
PACKAGES = {"@firefox-devtools/profiler-cli": "0.10.0", "speedscope": "1.25.0"}


class NotInstalled(Exception):
    """Says which tool is missing and why; a test that needs it fails."""


def program(name):
    path = shutil.which(name)
    if not path:
        raise NotInstalled("no %s here; packaging/install-deps test installs it" % name)
    return path


def run(what, *command, **kwargs):
    """The output of a command that installs `what`."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS, stdin=subprocess.DEVNULL, **kwargs)
    except subprocess.TimeoutExpired:
        raise NotInstalled("%s: `%s` has not ended after %d s; is the network slow?" % (what, " ".join(command), INSTALL_SECONDS))
    if done.returncode:
        raise NotInstalled("%s: `%s` failed with %d; can this machine reach the registry?\n%s"
                           % (what, " ".join(command), done.returncode, (done.stdout + done.stderr)[-2000:]))
    return done.stdout


class Tools:
    def __init__(self, build):
        self.cache = os.path.join(build, "interop-tools")
        self.versions = {}
        self.seconds = 0  # of installing, in this run

    def folder(self, name, install):
        """A folder that install(folder) has filled, in this run or an earlier one."""
        path = os.path.join(self.cache, name.replace("/", "-"))
        if not os.path.exists(os.path.join(path, "is-whole")):
            began = time.monotonic()
            shutil.rmtree(path, ignore_errors=True)
            os.makedirs(path)
            install(path)
            with open(os.path.join(path, "is-whole"), "w"):
                pass
            self.seconds += time.monotonic() - began
        return path

    def seen(self, name, version):
        self.versions[name] = version

    # ---- perf, of the backports of the distribution ----

    def perf(self):
        """Command and environment of the newer perf; the one of the distribution stays what `perf` is."""
        folder = self.folder("linux-perf-" + PERF, install_perf)
        libraries = os.path.join(folder, "root/usr/lib", os.uname().machine + "-linux-gnu")
        env = dict(os.environ, LD_LIBRARY_PATH=libraries, HOME=folder)
        env.pop("DEBUGINFOD_URLS", None)
        path = os.path.join(folder, "root/usr/bin/perf")
        version = run("perf", path, "version", env=env).split()[-1]
        if not version.startswith(PERF + "."):
            raise NotInstalled("the backports have perf %s, these tests are about %s" % (version, PERF))
        self.seen("perf", version)
        return path, env

    # ---- Go ----

    def go(self):
        folder = self.folder("go-" + GO, install_go)
        path = os.path.join(folder, "go/bin/go")
        self.seen("go", re.search(r"go([\d.]+)", run("go", path, "version", env=go_environment(folder))).group(1))
        return path, go_environment(folder)

    # ---- Rust ----

    def inferno(self):
        """inferno-collapse-perf"""
        def install(folder):
            # With the lock file that its authors publish.
            run("inferno", program("cargo"), "install", "inferno", "--version", "=" + INFERNO, "--locked", "--root", folder,
                "--no-default-features", "--features", "cli", "--bin", "inferno-collapse-perf", "--target-dir", folder + "/target")
            shutil.rmtree(folder + "/target")
        path = os.path.join(self.folder("inferno-" + INFERNO, install), "bin/inferno-collapse-perf")
        self.seen("inferno", INFERNO)
        return path

    def perf_data_counts(self):
        """tests/interop/perf-data-counts, which is the linux-perf-data crate and a main()."""
        source = os.path.join(HERE, "perf-data-counts")
        text = ""
        for name in ("Cargo.toml", "src/main.rs"):
            with open(os.path.join(source, name)) as f:
                text += f.read()
        version = re.search(r'version = "=([\d.]+)"', text).group(1)

        def install(folder):
            # Copied, so that what cargo writes beside its sources is not in this tree.
            shutil.copytree(source, os.path.join(folder, "crate"))
            run("linux-perf-data", program("cargo"), "install", "--path", os.path.join(folder, "crate"), "--root", folder,
                "--target-dir", folder + "/target")
            shutil.rmtree(folder + "/target")
        folder = self.folder("linux-perf-data-%s-%08x" % (version, zlib.crc32(text.encode())), install)
        self.seen("linux-perf-data", version)
        return os.path.join(folder, "bin/perf-data-counts")

    # ---- npm ----

    def node_module(self, name):
        """Folder of the package."""
        version = PACKAGES[name]

        def install(folder):
            with open(os.path.join(folder, "package.json"), "w") as f:
                f.write('{"private": true}\n')
            run(name, program("npm"), "install", "--prefix", folder, "--no-audit", "--no-fund", "--ignore-scripts",
                "--no-package-lock", "%s@%s" % (name, version), cwd=folder)
        folder = self.folder("%s-%s" % (name, version), install)
        self.seen(name, version)
        return os.path.join(folder, "node_modules", name)


def install_perf(folder):
    """From the archive that this machine's own packages are from, with apt's lists in a folder of its own."""
    with open("/etc/os-release") as f:
        codename = re.search(r"^VERSION_CODENAME=(\w+)", f.read(), re.M)
    targets = run("perf", "apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT) $(IDENTIFIER)")
    archives = [line.split()[0] for line in targets.splitlines() if codename and
                line.split()[1:] == [codename.group(1), "main", "Packages"]]
    if not archives:
        raise NotInstalled("perf %s: apt knows no archive of this distribution's main packages" % PERF)
    keys = "/usr/share/keyrings/debian-archive-keyring.gpg"
    with open(os.path.join(folder, "sources.list"), "w") as f:
        for suite in (codename.group(1), codename.group(1) + "-backports"):
            f.write("deb %s %s %s main\n" % ("[signed-by=%s]" % keys if os.path.exists(keys) else "", archives[0], suite))
    os.makedirs(os.path.join(folder, "lists/partial"))
    options = [word for key, value in (("Dir::Etc::SourceList", "sources.list"), ("Dir::Etc::SourceParts", "none"),
                                       ("Dir::State::Lists", "lists"), ("Dir::Cache", "cache"))
               for word in ("-o", "%s=%s" % (key, os.path.join(folder, value)))]
    options += ["-o", "APT::Sandbox::User=root", "-o", "Acquire::Languages=none"]
    run("perf", "apt-get", "-q", *options, "update")
    run("perf", "apt-get", "-q", *options, "-t", codename.group(1) + "-backports", "download", "linux-perf", "libtraceevent1", cwd=folder)
    for name in os.listdir(folder):
        if name.endswith(".deb"):
            run("perf", "dpkg", "-x", os.path.join(folder, name), os.path.join(folder, "root"))
    shutil.rmtree(os.path.join(folder, "lists"))


def go_environment(folder):
    env = {key: value for key, value in os.environ.items() if key not in ("GOROOT", "GOTOOLCHAIN")}
    return dict(env, GOMODCACHE=os.path.join(folder, "modules"), GOCACHE=os.path.join(folder, "cache"), GOTOOLCHAIN="local",
                GOFLAGS="-modcacherw", GOPATH=os.path.join(folder, "path"))


def install_go(folder):
    """Go's toolchains are modules, which any go can fetch and check, however old it is."""
    module = "golang.org/toolchain@v0.0.1-go%s.linux-%s" % (GO, {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine])
    run("go " + GO, program("go"), "mod", "download", module, env=go_environment(folder), cwd=folder)
    os.rename(os.path.join(folder, "modules", module), os.path.join(folder, "go"))
    shutil.rmtree(os.path.join(folder, "modules"))
    for part in ("bin", "pkg/tool"):  # modules have no modes
        for parent, _, names in os.walk(os.path.join(folder, "go", part)):
            for name in names:
                os.chmod(os.path.join(parent, name), 0o755)
