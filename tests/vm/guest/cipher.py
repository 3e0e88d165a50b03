# SPDX-License-Identifier: Apache-2.0
"""Spends CPU time in one cipher of the kernel: cipher.py NAME. Its process is called NAME, too."""
import socket
import sys

BLOCK = bytes(16384)


def main():
    name = sys.argv[1]
    with open("/proc/self/comm", "w") as f:
        f.write(name)
    with socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET) as algorithm:
        algorithm.bind(("skcipher", "ecb(%s)" % name))
        algorithm.setsockopt(socket.SOL_ALG, socket.ALG_SET_KEY, bytes(range(16)))
        operation, _ = algorithm.accept()
        with operation:
            while True:
                operation.sendmsg_afalg([BLOCK], op=socket.ALG_OP_ENCRYPT)
                operation.recv(len(BLOCK))


main()
