package host

// retry looks again at what failed, such as a port that another program held.
func (h *Host) retry() {
	if v := h.known.shown.Load(); v.problem != "" || v.blind || v.unread != nil || h.dns.Failing() || h.scraped.Failing() {
		h.refresh()
	}
}
