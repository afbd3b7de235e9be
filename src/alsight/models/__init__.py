"""Models: what a progression or survival model says; how it is fitted lives in `infer`."""
