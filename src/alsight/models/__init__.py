"""Models: what a progression or survival model says; how it is fitted lives in `infer`."""

from alsight.base import engine as _engine

__all__: list[str] = []
del _engine
