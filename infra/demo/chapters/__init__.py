"""Chapters of the demo: one account, from the factory to the receipt of its erasure."""

from infra.demo.chapters import copying, giving, leaving, looking_back, paying, renewing, setting_up, watching

STEPS = (
    setting_up.load,
    setting_up.register,
    setting_up.bind,
    watching.send,
    watching.appear,
    watching.look,
    paying.buy,
    looking_back.film,
    looking_back.watch,
    looking_back.keep,
    copying.copy,
    leaving.outlive,
    renewing.renew,
    renewing.pause,
    renewing.move,
    renewing.give_back,
    giving.redeem,
    leaving.close,
    leaving.verify,
    leaving.seek,
)
