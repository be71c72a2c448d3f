package host

// retry looks again at what failed, such as a port that another program held.
func (h *Host) retry() {
	if h.shown.Load().problem != "" {
		h.refresh()
	}
}
