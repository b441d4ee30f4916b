"""The peer of the ticket bench: python-escpos prints the same ticket as one image. Prints bytes and CPU per ticket as JSON."""
import contextlib
import json
import sys
import time

from escpos.printer import Dummy
from PIL import Image

picture = Image.open(sys.argv[1])
picture.load()
rounds = 20
printed = b""
began = time.process_time()
with contextlib.redirect_stdout(sys.stderr):  # it warns on standard output
    for _ in range(rounds):
        printer = Dummy()
        printer.image(picture, impl="bitImageRaster")
        printer.cut()
        printed = printer.output
spent = time.process_time() - began
json.dump({"bytes": len(printed), "cpu_ms": spent * 1000 / rounds}, sys.stdout)
