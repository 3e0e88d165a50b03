# SPDX-License-Identifier: Apache-2.0
"""A program is named wherever it lives: in another root, mount or pid namespace, on an overlay, deleted,
replaced, static."""
import os
import shutil
import subprocess

import pytest

from hearth import folded

SPIN_MS = "60000"


@pytest.fixture
def place(hearth):
    """Folder of programs, and a way to start one and be rid of it."""
    started = []

    class Place:
        programs = os.path.join(hearth.build, "tests", "workloads")
        folder = os.path.join(hearth.tmp, "place")

        def copy(self, name, to):
            os.makedirs(os.path.dirname(to), exist_ok=True)
            return shutil.copy(os.path.join(self.programs, name), to)

        def start(self, *argv):
            started.append(subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True))

    os.makedirs(Place.folder)
    yield Place()
    for p in started:
        os.killpg(p.pid, 9)
        p.wait()
    subprocess.run(["umount", "-R", Place.folder], stderr=subprocess.DEVNULL)


def as_it_is(place):
    place.start(os.path.join(place.programs, "work-a"), SPIN_MS)


def static(place):
    place.start(os.path.join(place.programs, "work-static"), SPIN_MS)


def static_pie(place):
    place.start(os.path.join(place.programs, "work-static-pie"), SPIN_MS)


def in_another_root(place):
    place.copy("work-static", os.path.join(place.folder, "bin/work"))
    place.start("chroot", place.folder, "/bin/work", SPIN_MS)


def in_a_root_whose_path_means_something_else_here(place):
    """/usr/bin/env of that root is our program."""
    place.copy("work-static", os.path.join(place.folder, "usr/bin/env"))
    place.start("chroot", place.folder, "/usr/bin/env", SPIN_MS)


def in_a_mount_of_its_own(place):
    place.copy("work-a", os.path.join(place.folder, "work"))
    place.start("unshare", "--mount", "--propagation", "private", "sh", "-c",
                "mount -t tmpfs none %s && cp %s/work-a %s/inside && exec %s/inside %s"
                % (place.folder, place.programs, place.folder, place.folder, SPIN_MS))


def in_a_pid_namespace(place):
    place.start("unshare", "--pid", "--fork", "--mount-proc", "unshare", "--pid", "--fork", "--mount-proc",
                os.path.join(place.programs, "work-a"), SPIN_MS)


def on_an_overlay(place):
    for name in ("lower", "upper", "work", "merged"):
        os.makedirs(os.path.join(place.folder, name))
    place.copy("work-a", os.path.join(place.folder, "lower/program"))
    place.start("unshare", "--mount", "--propagation", "private", "sh", "-c",
                "cd %s && mount -t tmpfs none work && mkdir work/u work/w && mount -t overlay none "
                "-o lowerdir=lower,upperdir=work/u,workdir=work/w merged && exec merged/program %s" % (place.folder, SPIN_MS))


def on_an_overlay_copied_up(place):
    for name in ("lower", "work", "merged"):
        os.makedirs(os.path.join(place.folder, name))
    place.copy("work-a", os.path.join(place.folder, "lower/program"))
    place.start("unshare", "--mount", "--propagation", "private", "sh", "-c",
                "cd %s && mount -t tmpfs none work && mkdir work/u work/w && mount -t overlay none "
                "-o lowerdir=lower,upperdir=work/u,workdir=work/w merged && touch merged/program && exec merged/program %s"
                % (place.folder, SPIN_MS))


def deleted(place):
    path = place.copy("work-a", os.path.join(place.folder, "gone"))
    place.start("sh", "-c", "(sleep 0.3; rm %s) & exec %s %s" % (path, path, SPIN_MS))


def replaced(place):
    path = place.copy("work-a", os.path.join(place.folder, "updated"))
    place.start("sh", "-c", "(sleep 0.3; cp /bin/true %s.new; mv %s.new %s) & exec %s %s" % (path, path, path, path, SPIN_MS))


def with_an_odd_name(place):
    path = place.copy("work-a", os.path.join(place.folder, "a name; with \n [odd] (deleted)"))
    place.start(path, SPIN_MS)


@pytest.mark.slow
@pytest.mark.parametrize("where", [as_it_is, static, static_pie, in_another_root, in_a_root_whose_path_means_something_else_here,
                                   in_a_mount_of_its_own, in_a_pid_namespace, on_an_overlay, on_an_overlay_copied_up, deleted,
                                   replaced, with_an_odd_name], ids=lambda f: f.__name__)
def test_program_is_named(hearth, place, where):
    where(place)
    process, folder = hearth.record("-d", "2", timeout=60)
    assert process.returncode == 0, process.stderr
    rows = folded(folder)
    comms = {frames[0] for frames, _ in rows if "spin_a" in frames}
    assert len(comms) == 1, sorted(rows, key=lambda r: -r[1])[:5]
    mine = sum(n for frames, n in rows if frames[0] in comms)
    named = sum(n for frames, n in rows if "spin_a" in frames and "main" in frames)
    assert named > 0.9 * mine > 200, [row for row in rows if row[0][0] in comms][:5]
