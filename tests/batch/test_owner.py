import os
import subprocess
import sys

from animatex.batch.owner import is_gone, name_owner, process_name


def test_this_process_is_there():
    assert name_owner().startswith(process_name(os.getpid()))
    assert not is_gone(name_owner())


def test_no_two_owners_have_one_name():
    assert name_owner() != name_owner()


def test_a_process_that_has_ended_is_gone():
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert is_gone(f"{process_name(ended.pid)}aa")


def test_of_another_machine_nobody_can_tell():
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert not is_gone(f"elsewhere/1/2 {ended.pid} aa")
