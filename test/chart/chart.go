// Package chart draws lines over two axes, as SVG in a page that needs nothing else.
package chart

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// A Series is one line of a chart.
type Series struct {
	Name string
	X, Y []float64
	Ours bool // drawn in front, thick
}

// A Chart is lines over two axes.
type Chart struct {
	Title, Note, XName, YName string
	LogX, LogY                bool
	YFrom, YTo                float64 // 0, 0: from the data
	Lines                     []Series
}

// The picture's size and margins, in its own units.
const (
	width, height           = 640, 360
	left, right, top, below = 64, 170, 18, 44
)

// colours are told apart by people who see few of them (Okabe and Ito); ours
// is the first.
var colours = []string{"#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#999933"}

// SVG draws the chart.
func (c Chart) SVG() string {
	var b strings.Builder
	x0, x1, y0, y1 := c.bounds()
	at := func(x, y float64) (float64, float64) {
		return left + part(x, x0, x1, c.LogX)*(width-left-right), height - below - part(y, y0, y1, c.LogY)*(height-top-below)
	}
	fmt.Fprintf(&b, `<figure><figcaption><b>%s</b> %s</figcaption><svg viewBox="0 0 %d %d" role="img" aria-label="%s">`,
		html.EscapeString(c.Title), html.EscapeString(c.Note), width, height, html.EscapeString(c.Title))
	for _, t := range ticks(y0, y1, c.LogY) {
		_, y := at(x0, t)
		fmt.Fprintf(&b, `<line class="grid" x1="%d" x2="%d" y1="%.1f" y2="%.1f"/><text class="tick" x="%d" y="%.1f" text-anchor="end">%s</text>`,
			left, width-right, y, y, left-8, y+4, short(t))
	}
	for _, t := range ticks(x0, x1, c.LogX) {
		x, _ := at(t, y0)
		fmt.Fprintf(&b, `<text class="tick" x="%.1f" y="%d" text-anchor="middle">%s</text>`, x, height-below+18, short(t))
	}
	fmt.Fprintf(&b, `<text class="axis" x="%d" y="%d" text-anchor="middle">%s</text>`, (left+width-right)/2, height-6, html.EscapeString(c.XName))
	fmt.Fprintf(&b, `<text class="axis" transform="translate(14 %d) rotate(-90)" text-anchor="middle">%s</text>`, (height-below+top)/2, html.EscapeString(c.YName))
	c.draw(&b, at)
	b.WriteString("</svg></figure>\n")
	return b.String()
}

// draw draws the lines, ours last, and names each where it ends.
func (c Chart) draw(b *strings.Builder, at func(x, y float64) (float64, float64)) {
	var labels []label
	for i := len(c.Lines) - 1; i >= 0; i-- {
		s, colour := c.seen(c.Lines[i]), colours[i%len(colours)]
		if len(s.X) == 0 {
			continue
		}
		var path strings.Builder
		for k := range s.X {
			x, y := at(s.X[k], s.Y[k])
			fmt.Fprintf(&path, "%c%.1f %.1f", "ML"[min(k, 1)], x, y)
		}
		wide := 1.6
		if s.Ours {
			wide = 3
		}
		fmt.Fprintf(b, `<path d="%s" fill="none" stroke="%s" stroke-width="%g" stroke-linejoin="round"/>`, path.String(), colour, wide)
		for k := range s.X {
			x, y := at(s.X[k], s.Y[k])
			if len(s.X) <= 40 {
				fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="%g" fill="%s"><title>%s: %s at %s</title></circle>`,
					x, y, wide+.6, colour, html.EscapeString(s.Name), short(s.Y[k]), short(s.X[k]))
			}
		}
		_, y := at(s.X[len(s.X)-1], s.Y[len(s.Y)-1])
		labels = append(labels, label{y, s.Name, colour})
	}
	for _, l := range apart(labels) {
		fmt.Fprintf(b, `<text class="name" x="%d" y="%.1f" fill="%s">%s</text>`, width-right+8, l.y+4, l.colour, html.EscapeString(l.text))
	}
}

// seen leaves out what a logarithm cannot show: nothing at all.
func (c Chart) seen(s Series) Series {
	if !c.LogY {
		return s
	}
	out := Series{Name: s.Name, Ours: s.Ours}
	for k, y := range s.Y {
		if y > 0 {
			out.X, out.Y = append(out.X, s.X[k]), append(out.Y, y)
		}
	}
	return out
}

type label struct {
	y            float64
	text, colour string
}

// apart moves labels so that none lies on another.
func apart(l []label) []label {
	for i := range l {
		for j := i; j > 0 && l[j].y < l[j-1].y; j-- {
			l[j], l[j-1] = l[j-1], l[j]
		}
	}
	for i := 1; i < len(l); i++ {
		l[i].y = math.Max(l[i].y, l[i-1].y+15)
	}
	for i := len(l) - 1; i >= 0; i-- {
		limit := float64(height - below)
		if i < len(l)-1 {
			limit = l[i+1].y - 15
		}
		l[i].y = math.Min(l[i].y, limit)
	}
	return l
}

// bounds is what the axes span.
func (c Chart) bounds() (x0, x1, y0, y1 float64) {
	x0, x1, y0, y1 = math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, s := range c.Lines {
		for k := range s.X {
			if c.LogY && s.Y[k] <= 0 {
				continue
			}
			x0, x1 = math.Min(x0, s.X[k]), math.Max(x1, s.X[k])
			y0, y1 = math.Min(y0, s.Y[k]), math.Max(y1, s.Y[k])
		}
	}
	if math.IsInf(x0, 0) {
		return 0, 1, 0, 1
	}
	if c.YTo > c.YFrom {
		y0, y1 = c.YFrom, c.YTo
	} else if c.LogY {
		y0, y1 = math.Pow(10, math.Floor(math.Log10(y0))), math.Pow(10, math.Ceil(math.Log10(y1)))
	} else {
		y0, y1 = 0, y1*1.08
	}
	if x1 == x0 {
		x1 = x0 + 1
	}
	if y1 <= y0 {
		y1 = y0 + 1
	}
	return x0, x1, y0, y1
}

// part is where v lies between a and b, from 0 to 1.
func part(v, a, b float64, log bool) float64 {
	if log {
		v, a, b = math.Log(math.Max(v, a)), math.Log(a), math.Log(b)
	}
	return math.Min(1, math.Max(0, (v-a)/(b-a)))
}

// ticks are round numbers between a and b.
func ticks(a, b float64, log bool) []float64 {
	var out []float64
	if log {
		for p := math.Pow(10, math.Floor(math.Log10(a))); p <= b*1.001; p *= 10 {
			for _, m := range []float64{1, 2, 5} {
				if t := p * m; t >= a*.999 && t <= b*1.001 && (m == 1 || b/a < 300) {
					out = append(out, t)
				}
			}
		}
		return out
	}
	step := math.Pow(10, math.Floor(math.Log10((b-a)/4)))
	for _, m := range []float64{5, 2} {
		if (b-a)/(step*m) >= 3 {
			step *= m
			break
		}
	}
	for t := math.Ceil(a/step) * step; t <= b+step/1000; t += step {
		out = append(out, t)
	}
	return out
}

// short is a number as briefly as it can be read.
func short(v float64) string {
	switch a := math.Abs(v); {
	case v == 0:
		return "0"
	case a >= 1e6:
		return fmt.Sprintf("%.4gM", v/1e6)
	case a >= 1e4:
		return fmt.Sprintf("%.4gk", v/1e3)
	case a < .01:
		return fmt.Sprintf("%.2g", v)
	}
	return fmt.Sprintf("%.4g", v)
}
