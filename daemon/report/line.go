package report

import (
	"context"
	"fmt"
	"time"

	"mcdns/daemon/loop"
)

// Line is the status in one line, for `systemctl status`: "" if it is as it was, or if
// the node does not answer within a second. One goroutine may call it.
func (r *Reporter) Line() string {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	text, _ := loop.See(ctx, r.config.Loop, func(v loop.View) string {
		s := r.status(v)
		r.follow(v) // who leaves is to be known also where nobody asks
		return fmt.Sprintf("upstream %s, group %s, %d answers", s.Upstream, s.Group, s.Entries)
	})
	if text == r.said {
		return ""
	}
	r.said = text
	return text
}
