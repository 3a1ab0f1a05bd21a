"""The offline debugger: rules suggest causes and repairs, and runs in copies of the kernel decide."""
