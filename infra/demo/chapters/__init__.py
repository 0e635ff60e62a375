"""What happens to one account, from the factory to the receipt of its erasure."""

from infra.demo.chapters import arriving, copying, leaving, paying, watching

STEPS = (
    arriving.load,
    arriving.register,
    arriving.bind,
    watching.send,
    watching.appear,
    watching.look,
    paying.buy,
    copying.copy,
    leaving.outlive,
    leaving.close,
    leaving.verify,
    leaving.seek,
)
