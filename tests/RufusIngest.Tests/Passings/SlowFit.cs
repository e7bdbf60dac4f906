using RufusIngest.Passings;

namespace RufusIngest.Tests.Passings;

/// <summary>The fit as one would write it down: seconds from the mean, floating point, refits without each read.</summary>
static class SlowFit
{
    /// <summary>The vertex in ticks. Not clear: another rounding might answer otherwise.</summary>
    public readonly record struct Answer(bool OpensDown, double Vertex, bool Clear);

    public static Answer Of(IReadOnlyList<SignalSample> samples)
    {
        long top = samples[0].Time;
        var points = samples.Where(sample => Math.Abs(sample.Time - top) <= 25_000_000)
            .Select(sample => (X: (sample.Time - top) / 1e7, Y: sample.RssiCentiDbm / 100.0)).ToList();
        bool clear = true;
        for (int left = points.Count / 4; left > 0 && points.Count >= 6 && Instants(points) >= 3; left--)
        {
            double all = Fit(points).Squares;
            var without = points.Select(point => points.Where(other => other != point).ToList())
                .Where(others => Instants(others) >= 3)
                .Select(others => (Squares: Fit(others).Squares, Points: others))
                .OrderBy(rest => rest.Squares).Take(2).ToArray();
            if (without.Length == 0)
                break;
            double gain = all - without[0].Squares;
            double needed = Math.Max(36, 9 * without[0].Squares / (points.Count - 4));
            clear &= Math.Abs(gain - needed) > 1e-6 * needed;
            if (gain <= needed)
                break;
            clear &= without.Length == 1 || without[1].Squares - without[0].Squares > 1e-6 * all;
            points = without[0].Points;
        }

        if (Instants(points) < 3)
            return new(false, 0, clear);
        var (a, vertex, _) = Fit(points);
        return new(a < 0, top + (vertex * 1e7), clear && Math.Abs(a) > 1e-6);
    }

    static int Instants(List<(double X, double Y)> points) => points.Select(point => point.X).Distinct().Count();

    /// <summary>Gram–Schmidt on 1, x and x², which neither squares the condition nor needs a determinant.</summary>
    static (double A, double Vertex, double Squares) Fit(List<(double X, double Y)> points)
    {
        double mean = points.Average(point => point.X);
        double level = points.Average(point => point.Y);
        double[] x = [.. points.Select(point => point.X - mean)];
        double xx = x.Sum(v => v * v);
        double slope = x.Zip(points, (v, point) => v * (point.Y - level)).Sum() / xx;
        double skew = x.Sum(v => v * v * v) / xx;
        double[] q = [.. x.Select(v => (v * v) - (skew * v) - (xx / x.Length))];
        double a = q.Zip(points, (v, point) => v * (point.Y - level)).Sum() / q.Sum(v => v * v);
        double squares = points.Select((point, i) => point.Y - level - (slope * x[i]) - (a * q[i])).Sum(r => r * r);
        return (a, mean - ((slope - (a * skew)) / (2 * a)), squares);
    }
}
