using System.Globalization;
using System.Text;
using CsCheck;
using RufusIngest.Passings;
using RufusIngest.Reads;

namespace RufusIngest.Tests.Support;

/// <summary>Operations on a gate, printed as the statements that repeat them.</summary>
sealed record GateScenario(IReadOnlyList<GateOptions> Options, IReadOnlyList<GateOperation> Operations)
{
    /// <summary>What differs between gate and model, or null.</summary>
    public string? FindDifference()
    {
        try
        {
            Do(new GateTwins([.. Options]));
            return null;
        }
        catch (Exception problem)
        {
            return problem.Message;
        }
    }

    /// <summary>What the gate makes of it.</summary>
    public GateTwins Run() => Do(GateTwins.WithoutModel([.. Options]));

    GateTwins Do(GateTwins twins)
    {
        foreach (GateOperation operation in Operations)
            operation.Do(twins);
        for (int i = 0; i < Options.Count; i++)
            twins.Flush(i);
        return twins;
    }

    /// <summary>A scenario of which the same does not hold, with as few operations and settings as leave it so.</summary>
    public GateScenario Shrink(Func<GateScenario, bool> holds)
    {
        GateScenario small = this;
        for (bool shrunk = true; shrunk;)
        {
            shrunk = false;
            foreach (GateScenario smaller in small.Smaller())
            {
                if (holds(smaller))
                    continue;
                small = smaller;
                shrunk = true;
                break;
            }
        }

        return small;
    }

    IEnumerable<GateScenario> Smaller()
    {
        for (int size = Operations.Count / 2; size > 0; size /= 2)
        {
            for (int at = 0; at + size <= Operations.Count; at += size)
                yield return this with { Operations = [.. Operations.Take(at), .. Operations.Skip(at + size)] };
        }

        for (int i = 0; i < Operations.Count; i++)
        {
            foreach (GateOperation plainer in Operations[i].Plainer())
                yield return this with { Operations = [.. Operations.Take(i), plainer, .. Operations.Skip(i + 1)] };
        }

        for (int i = 0; i < Options.Count; i++)
        {
            foreach (GateOptions plainer in Plainer(Options[i]))
                yield return this with { Options = [.. Options.Take(i), plainer, .. Options.Skip(i + 1)] };
        }
    }

    static IEnumerable<GateOptions> Plainer(GateOptions options) => new[]
    {
        options with { DeadTime = TimeSpan.Zero },
        options with { ReorderDelay = TimeSpan.Zero },
        options with { MaxBurst = null },
        options with { MinLap = TimeSpan.Zero },
        options with { BackupWindow = TimeSpan.Zero },
        options with { IgnoreGhosts = false },
        options with { ReportCompleted = false },
    }.Where(plainer => plainer != options);

    public override string ToString()
    {
        StringBuilder text = new();
        text.AppendLine().AppendLine($"GateTwins twins = new({string.Join(", ", Options.Select(Show))});");
        foreach (GateOperation operation in Operations)
            text.AppendLine(operation.ToString());
        for (int i = 0; i < Options.Count; i++)
            text.AppendLine($"twins.Flush({i});");
        return text.ToString();
    }

    public static string Show(GateOptions options)
    {
        StringBuilder text = new("new GateOptions { ");
        text.Append($"Policy = PassingPolicy.{options.Policy}, ");
        text.Append($"DeadTime = GateTwins.Ms({Ms(options.DeadTime)}), BurstGap = GateTwins.Ms({Ms(options.BurstGap)}), ");
        text.Append($"ReorderDelay = GateTwins.Ms({Ms(options.ReorderDelay)}), ");
        text.Append($"BackupWindow = GateTwins.Ms({Ms(options.BackupWindow)})");
        if (options.MaxBurst is { } longest)
            text.Append($", MaxBurst = GateTwins.Ms({Ms(longest)})");
        if (options.MinLap != TimeSpan.Zero)
            text.Append($", MinLap = GateTwins.Ms({Ms(options.MinLap)})");
        if (options.IgnoreGhosts)
            text.Append(", IgnoreGhosts = true");
        if (options.ReportCompleted)
            text.Append(", ReportCompleted = true");
        return text.Append(" }").ToString();
    }

    static string Ms(TimeSpan span) => span.TotalMilliseconds.ToString("R", CultureInfo.InvariantCulture);
}

abstract record GateOperation
{
    public abstract void Do(GateTwins twins);

    public virtual IEnumerable<GateOperation> Plainer() => [];

    protected static string Ms(double ms) => ms.ToString("R", CultureInfo.InvariantCulture);

    public sealed record Read(int Lane, double At, int Chip, int Reader, bool Ahead, short Rssi, int Hits, ushort Antenna,
        ReadFlags Flags) : GateOperation
    {
        public override void Do(GateTwins twins) =>
            twins.Read(Lane, At, Chip, Reader, Ahead, Rssi, Hits, Antenna, Flags);

        public override IEnumerable<GateOperation> Plainer() => new[]
        {
            this with { Reader = 0 },
            this with { Ahead = false },
            this with { Rssi = ChipRead.NoRssi },
            this with { Hits = 1 },
            this with { Antenna = 0 },
            this with { Flags = ReadFlags.None },
        }.Where(plainer => plainer != this);

        public override string ToString()
        {
            StringBuilder text = new($"twins.Read({Lane}, {Ms(At)}, {Chip}");
            if (Reader != 0)
                text.Append($", reader: {Reader}");
            if (Ahead)
                text.Append(", ahead: true");
            if (Rssi != ChipRead.NoRssi)
                text.Append($", rssi: {Rssi}");
            if (Hits != 1)
                text.Append($", hits: {Hits}");
            if (Antenna != 0)
                text.Append($", antenna: {Antenna}");
            if (Flags != ReadFlags.None)
                text.Append($", flags: (ReadFlags){(int)Flags}/*{Flags}*/");
            return text.Append(");").ToString();
        }
    }

    public sealed record Advance(int Location, double At) : GateOperation
    {
        public override void Do(GateTwins twins) => twins.Advance(Location, At);

        public override string ToString() => $"twins.Advance({Location}, {Ms(At)});";
    }

    public sealed record Flush(int Location) : GateOperation
    {
        public override void Do(GateTwins twins) => twins.Flush(Location);

        public override string ToString() => $"twins.Flush({Location});";
    }

    public sealed record SetLocations(GateOptions[] Options) : GateOperation
    {
        public override void Do(GateTwins twins) => twins.SetLocations(Options);

        public override string ToString() =>
            $"twins.SetLocations({string.Join(", ", Options.Select(GateScenario.Show))});";
    }

    public sealed record SetChips(string[] Bibs) : GateOperation
    {
        public override void Do(GateTwins twins) => twins.SetChips(Bibs);

        public override string ToString() => $"twins.SetChips({string.Join(", ", Bibs.Select(bib => $"\"{bib}\""))});";
    }
}
