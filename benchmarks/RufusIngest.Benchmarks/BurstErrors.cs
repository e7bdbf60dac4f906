using RufusIngest.Passings;

namespace RufusIngest.Benchmarks;

/// <summary>
/// How far the times of record of First, Peak and Fitted lie from the true crossing, on made-up bursts whose crossing
/// is known. Prints Markdown tables; the same numbers on every run.
/// </summary>
/// <remarks>
/// A burst lasts from where the signal rises above −70 dBm to where it falls below: 0.35 to 1.5 s, even. At the
/// crossing it is −45 to −38 dBm. Reads come at even steps, about 30 % of them are lost at random, each has even noise
/// of ±3 dB; whole dB and whole ms.
/// </remarks>
static class BurstErrors
{
    const int Bursts = 10_000;
    const double EdgeDbm = -70;
    const double NoiseDb = 3;
    const double OutlierDb = 15;
    const double Kept = 0.7;

    static readonly int[] HitCounts = [3, 5, 8, 15, 25, 40];

    // Rise: the part of the burst before the crossing.
    static readonly Shape[] Shapes =
    [
        new("Symmetric parabola", 0.5),
        new("Symmetric, by distance (signal falls with its fourth power)", 0.5, ByDistance: true),
        new("Rise twice as long as fall", 2 / 3.0),
        new("Fall twice as long as rise", 1 / 3.0),
        new("Symmetric parabola, one read 15 dB too strong", 0.5, Outlier: true),
    ];

    sealed record Shape(string Name, double Rise, bool ByDistance = false, bool Outlier = false);

    public static int Run()
    {
        foreach (Shape shape in Shapes)
        {
            Console.WriteLine($"{shape.Name}:");
            Console.WriteLine();
            Console.WriteLine("| hits | First | Peak | Fitted | fell back |");
            Console.WriteLine("| ---: | ---: | ---: | ---: | ---: |");
            foreach (int hits in HitCounts)
                Console.WriteLine(Row(shape, hits));
            Console.WriteLine();
        }

        return 0;
    }

    static string Row(Shape shape, int hits)
    {
        Random random = new(hits);
        double[] first = new double[Bursts];
        double[] peak = new double[Bursts];
        double[] fitted = new double[Bursts];
        int fellBack = 0;
        for (int i = 0; i < Bursts; i++)
        {
            // Anywhere between two of the reader's milliseconds.
            double crossing = 1e6 + random.NextDouble();
            (StrongestReads reads, long start, long end) = Burst(random, shape, hits, crossing);
            long strongest = reads.Samples[0].Time;
            if (!ParabolaFit.TryFindVertex(reads, start, end, out long vertex))
            {
                vertex = strongest;
                fellBack++;
            }

            first[i] = Milliseconds(start) - crossing;
            peak[i] = Milliseconds(strongest) - crossing;
            fitted[i] = Milliseconds(vertex) - crossing;
        }

        return $"| {hits} | {Cell(first)} | {Cell(peak)} | {Cell(fitted)} | {fellBack * 100.0 / Bursts:F1} % |";
    }

    static (StrongestReads Reads, long First, long Last) Burst(Random random, Shape shape, int hits, double crossing)
    {
        double length = 350 + (1_150 * random.NextDouble());
        double top = -45 + (7 * random.NextDouble());
        double phase = random.NextDouble();
        int[] steps = [.. Enumerable.Range(0, (int)Math.Ceiling(hits / Kept))];
        double step = length / steps.Length;
        random.Shuffle(steps);
        int outlier = shape.Outlier ? random.Next(hits) : -1;
        StrongestReads reads = default;
        long first = long.MaxValue;
        long last = long.MinValue;
        for (int i = 0; i < hits; i++)
        {
            double since = ((steps[i] + phase) * step) - (length * shape.Rise);
            double dbm = Signal(shape, since / length, top) + (NoiseDb * ((2 * random.NextDouble()) - 1));
            if (i == outlier)
                dbm += OutlierDb;
            long time = (long)Math.Round(crossing + since) * TimeSpan.TicksPerMillisecond;
            reads.Add(time, (short)(Math.Round(dbm) * 100));
            first = Math.Min(first, time);
            last = Math.Max(last, time);
        }

        return (reads, first, last);
    }

    /// <summary>Without noise: the top at the crossing, −70 dBm at both ends of the burst.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="since">Time since the crossing, in lengths of the burst.</param>
    /// <param name="top">The strength at the crossing, dBm.</param>
    static double Signal(Shape shape, double since, double top)
    {
        double part = since / (since < 0 ? shape.Rise : 1 - shape.Rise);
        double fall = top - EdgeDbm;
        return shape.ByDistance
            ? top - (20 * Math.Log10(1 + (part * part * (Math.Pow(10, fall / 20) - 1))))
            : top - (part * part * fall);
    }

    static double Milliseconds(long ticks) => ticks / (double)TimeSpan.TicksPerMillisecond;

    /// <summary>Bias, mean, 95th percentile and worst.</summary>
    static string Cell(double[] errors)
    {
        double[] sizes = [.. errors.Select(Math.Abs).Order()];
        double bias = Math.Round(errors.Average());
        string sign = bias < 0 ? "−" : bias > 0 ? "+" : "";
        return $"{sign}{Math.Abs(bias):F0} / {sizes.Average():F0} / {sizes[Bursts * 95 / 100]:F0} / {sizes[^1]:F0}";
    }
}
