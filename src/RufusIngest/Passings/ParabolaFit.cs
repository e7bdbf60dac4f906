using System.Runtime.CompilerServices;

namespace RufusIngest.Passings;

/// <summary>
/// When a burst's signal was strongest: the vertex of the parabola that fits its strongest reads best (least squares).
/// </summary>
/// <remarks>
/// <para>
/// A read that does not go with the others (a reflection, a null) is left out and the rest fitted again, at most a
/// quarter of them in all. Reads more than 2.5 s from the strongest are never looked at: whoever stands there that long
/// gives no parabola, and the vertex lies that near to the strongest read too.
/// </para>
/// <para>
/// Sums and determinants are exact. What is judged in floating point follows the order in which the set keeps its
/// reads, so equal sets give equal ticks. It allocates nothing.
/// </para>
/// </remarks>
static class ParabolaFit
{
    /// <summary>Ticks in a unit of time of the fit: 10 µs, finer than any reader's clock.</summary>
    const int Unit = 100;

    /// <summary>Farthest read from the strongest one, in units. 32 such reads keep every sum below 2¹²⁶.</summary>
    const int Reach = 250_000;

    /// <summary>With fewer reads there is no telling which of them is the wrong one.</summary>
    const int FewestToJudge = 6;

    /// <summary>The part of the reads that may be left out: 1 in 4.</summary>
    const int StrayPart = 4;

    /// <summary>A stray's distance in standard deviations of the others, squared.</summary>
    const double StrayRatio = 3 * 3;

    /// <summary>
    /// How much the sum of squares, in 1/100 dB, must fall without a stray: in a clean burst rounding alone would else
    /// make one.
    /// </summary>
    const double StrayLeast = 600 * 600;

    /// <summary>Finds the instant of greatest signal strength.</summary>
    /// <param name="reads">The strongest reads of the burst, which lasts a day at most.</param>
    /// <param name="first">The burst's first read, in ticks.</param>
    /// <param name="last">The burst's last read, in ticks.</param>
    /// <param name="time">The instant in ticks.</param>
    /// <returns>
    /// False with reads of fewer than three instants (10 µs apart), when the signal has no maximum, and when it lies
    /// outside the burst or more than 2.5 s from the strongest read.
    /// </returns>
    [SkipLocalsInit]
    public static bool TryFindVertex(in StrongestReads reads, long first, long last, out long time)
    {
        time = 0;
        Span<Point> points = stackalloc Point[StrongestReads.Capacity];
        points = points[..Place(reads.Samples, points)];
        Parabola parabola = Parabola.Fit(points);
        for (int strays = points.Length / StrayPart; strays > 0 && points.Length >= FewestToJudge; strays--)
        {
            int stray = parabola.FindStray(points);
            if (stray < 0)
                break;
            points[(stray + 1)..].CopyTo(points[stray..]);
            points = points[..^1];
            parabola = Parabola.Fit(points);
        }

        if (!parabola.HasMaximum || Math.Abs(parabola.Vertex) > Reach)
            return false;
        long vertex = reads.Samples[0].Time + (long)Math.Round(parabola.Vertex * Unit);
        if (vertex < first || vertex > last)
            return false;
        time = vertex;
        return true;
    }

    /// <summary>Takes the reads near the strongest one, as seen from it; says how many.</summary>
    static int Place(ReadOnlySpan<SignalSample> samples, Span<Point> points)
    {
        int count = 0;
        foreach (ref readonly SignalSample sample in samples)
        {
            long x = (sample.Time - samples[0].Time) / Unit;
            if (x is >= -Reach and <= Reach)
                points[count++] = new Point((int)x, sample.RssiCentiDbm - samples[0].RssiCentiDbm);
        }

        return count;
    }

    readonly record struct Point(int X, int Y);

    /// <summary>
    /// y = (a x² + b x + c) / d, solved by Cramer's rule; m are the cofactors of the normal equations' matrix.
    /// </summary>
    readonly ref struct Parabola
    {
        readonly Int128 _a;
        readonly Int128 _b;
        readonly Int128 _d;
        readonly double _c;
        readonly Int128 _m00;
        readonly Int128 _m01;
        readonly Int128 _m02;
        readonly Int128 _m11;
        readonly Int128 _m12;
        readonly Int128 _m22;

        Parabola(int s0, long s1, long s2, long s3, Int128 s4, long t0, long t1, long t2)
        {
            _m00 = (s2 * s4) - ((Int128)s3 * s3);
            _m01 = ((Int128)s2 * s3) - (s1 * s4);
            _m02 = ((Int128)s1 * s3) - ((Int128)s2 * s2);
            _m11 = (s0 * s4) - ((Int128)s2 * s2);
            _m12 = ((Int128)s1 * s2) - ((Int128)s0 * s3);
            _m22 = ((Int128)s0 * s2) - ((Int128)s1 * s1);
            _d = (s0 * _m00) + (s1 * _m01) + (s2 * _m02);
            _a = (_m02 * t0) + (_m12 * t1) + (_m22 * t2);
            _b = (_m01 * t0) + (_m11 * t1) + (_m12 * t2);
            double d = (double)_d;
            _c = (t0 - ((double)_b / d * s1) - ((double)_a / d * s2)) / s0;
        }

        /// <summary>Whether there is one parabola and it opens downwards. The determinant is never negative.</summary>
        public bool HasMaximum => _d > 0 && _a < 0;

        public double Vertex => (double)_b / (-2 * (double)_a);

        public static Parabola Fit(ReadOnlySpan<Point> points)
        {
            long s1 = 0, s2 = 0, s3 = 0, t0 = 0, t1 = 0, t2 = 0;
            Int128 s4 = 0;
            foreach (ref readonly Point point in points)
            {
                long x = point.X;
                long square = x * x;
                s1 += x;
                s2 += square;
                s3 += square * x;
                s4 += (Int128)square * square;
                t0 += point.Y;
                t1 += x * point.Y;
                t2 += square * point.Y;
            }

            return new Parabola(points.Length, s1, s2, s3, s4, t0, t1, t2);
        }

        /// <summary>
        /// The read without which the others fit best, if it lies far from where they put it (its studentised deleted
        /// residual); else −1.
        /// </summary>
        public int FindStray(ReadOnlySpan<Point> points)
        {
            if (_d == 0)
                return -1;
            double sum = 0;
            double most = 0;
            int stray = -1;
            for (int i = 0; i < points.Length; i++)
            {
                double residual = Residual(points[i]);
                double square = residual * residual;
                sum += square;
                // The more a read pulls the fit to itself, the less is free; at 0 it lies on it whatever its strength.
                double free = 1 - Leverage(points[i].X);
                if (free < 1e-6 || square / free <= most)
                    continue;
                most = square / free;
                stray = i;
            }

            return most > StrayLeast && most * (points.Length - 4) > StrayRatio * (sum - most) ? stray : -1;
        }

        double Residual(Point point)
        {
            double d = (double)_d;
            double x = point.X;
            return point.Y - ((((((double)_a / d) * x) + ((double)_b / d)) * x) + _c);
        }

        double Leverage(double x)
        {
            double cubic = ((double)_m22 * x) + (2 * (double)_m12);
            double square = (cubic * x) + (double)((2 * _m02) + _m11);
            return ((((square * x) + (2 * (double)_m01)) * x) + (double)_m00) / (double)_d;
        }
    }
}
