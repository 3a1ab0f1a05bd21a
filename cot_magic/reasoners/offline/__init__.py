"""The offline debugger: rules suggest causes and repairs, copies of the kernel decide."""
