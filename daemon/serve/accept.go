package serve

// Accept hands each connection to take until the listener is closed. No other error
// is an end: nobody would start again what lives and does not accept. trouble, if not
// nil, hears of those that last.
func Accept[C any](accept func() (C, error), take func(C), trouble func(error)) {
	for {
		c, err := next(accept, trouble)
		if err != nil {
			return
		}
		take(c)
	}
}
