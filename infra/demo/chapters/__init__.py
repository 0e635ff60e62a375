"""Chapters of the demo: one account, from the factory to the receipt of its erasure."""

from infra.demo.chapters import copying, giving, leaving, looking_back, paying, setting_up, watching

STEPS = (
    setting_up.load,
    setting_up.register,
    setting_up.bind,
    watching.send,
    watching.appear,
    watching.look,
    paying.buy,
    giving.redeem,
    looking_back.film,
    looking_back.watch,
    looking_back.keep,
    copying.copy,
    leaving.outlive,
    leaving.close,
    leaving.verify,
    leaving.seek,
)
