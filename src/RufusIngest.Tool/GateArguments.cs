using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using RufusIngest.Passings;

namespace RufusIngest.Tool;

/// <summary>The rules of cleaning as options, in seconds.</summary>
sealed class GateArguments
{
    const NumberStyles Number = NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign;

    static readonly GateOptions Default = new();

    readonly Option<double> _deadTime = Seconds(
        "--dead-time", "no new passing of a chip within this time of its time of record", Default.DeadTime);
    readonly Option<double> _burstGap = Seconds(
        "--burst-gap", "reads at most this far apart are one burst", Default.BurstGap);
    readonly Option<double> _reorderDelay = Seconds(
        "--reorder-delay", "how long a burst is held for reads out of order", Default.ReorderDelay);
    readonly Option<double> _minLap = Seconds(
        "--min-lap", "suppress a passing closer than this to the chip's last one", Default.MinLap);
    readonly Option<double?> _maxBurst = new("--max-burst")
    {
        Description = "Seconds: decide a burst that goes on for longer. Default: 10, for policy last 600.",
        CustomParser = ReadSeconds,
    };

    readonly Option<bool> _ignoreGhosts = new("--ignore-ghosts")
    {
        Description = "Suppress chips that are not in the list of bibs and are seen at one instant only.",
    };

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_deadTime, _burstGap, _reorderDelay, _maxBurst, _minLap, _ignoreGhosts])
            command.Options.Add(option);
    }

    public GateOptions Read(System.CommandLine.ParseResult parsed, PassingPolicy policy) => new()
    {
        Policy = policy,
        DeadTime = Span(_deadTime.Name, parsed.GetValue(_deadTime)),
        BurstGap = Span(_burstGap.Name, parsed.GetValue(_burstGap)),
        ReorderDelay = Span(_reorderDelay.Name, parsed.GetValue(_reorderDelay)),
        MaxBurst = parsed.GetValue(_maxBurst) is { } longest ? Span(_maxBurst.Name, longest) : null,
        MinLap = Span(_minLap.Name, parsed.GetValue(_minLap)),
        IgnoreGhosts = parsed.GetValue(_ignoreGhosts),
    };

    static Option<double> Seconds(string name, string what, TimeSpan standard) => new(name)
    {
        Description = $"Seconds: {what}.",
        DefaultValueFactory = _ => standard.TotalSeconds,
        CustomParser = result => ReadSeconds(result) ?? 0,
    };

    /// <summary>A decimal point only: a comma would be taken for thousands, and give another number without a word.</summary>
    static double? ReadSeconds(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        if (double.TryParse(text, Number, CultureInfo.InvariantCulture, out double seconds))
            return seconds;
        result.AddError($"'{text}' is no number of seconds such as 1.5.");
        return null;
    }

    static TimeSpan Span(string name, double seconds) => seconds is >= 0 and <= 86_400
        ? TimeSpan.FromTicks((long)Math.Round(seconds * TimeSpan.TicksPerSecond))
        : throw ToolException.BadInput($"{name} is {seconds}; it must be 0 to 86,400 seconds.");
}
