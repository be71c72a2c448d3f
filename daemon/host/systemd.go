package host

import (
	"context"
	"time"

	"mcdns/daemon/loop"
	"mcdns/daemon/systemd"
)

// tellStatus tells systemd what `systemctl status` shows, unless the node does not
// answer.
func (h *Host) tellStatus(more ...string) {
	if line := h.report.Line(); line != "" {
		more = append(more, "STATUS="+line)
	}
	if len(more) > 0 {
		systemd.Notify(more...)
	}
}

// alive feeds the watchdog once the loop has answered: a daemon whose loop
// hangs is to be killed.
func (h *Host) alive() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if _, err := loop.See(ctx, h.loop, func(loop.View) bool { return true }); err == nil {
		systemd.Notify(systemd.Alive)
	}
}
