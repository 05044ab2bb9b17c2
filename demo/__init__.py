"""The demonstration: `python -m demo` carries real files from Landing to Gold and proves what it says."""
