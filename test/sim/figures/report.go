package figures

func (a *All) report() string            { return "" }
func (a *All) tables() map[string]string { return nil }
