using System.Globalization;
using RufusIngest.Cloud;

namespace RufusIngest.Tool.Probe;

/// <summary>One question to the server.</summary>
/// <param name="Question">Its short name.</param>
/// <param name="Tried">What is done to find out.</param>
/// <param name="RunAsync">Does it; ends with <see cref="NoResultException"/> when nothing can be said.</param>
/// <param name="NeedsReading">Whether it takes a key that may read.</param>
sealed record Experiment(
    string Question, string Tried, Func<CancellationToken, Task<Finding>> RunAsync, bool NeedsReading = false);

/// <summary>What an experiment came to.</summary>
/// <param name="Seen">What was seen, or why nothing was.</param>
/// <param name="Value">The result for people; null: not known.</param>
/// <param name="Into">Sets it in a profile; null when no member holds it.</param>
sealed record Finding(string Seen, string? Value = null, Func<CloudProfile, CloudProfile>? Into = null)
{
    public const string NeedsReading = "needs a key that may read";

    public static Finding Status(ProbeAnswer answer, Func<CloudProfile, CloudProfile> into) =>
        new(answer.Words, answer.Status.ToString(CultureInfo.InvariantCulture), into);

    public static Finding YesNo(bool? yes, string seen, Func<CloudProfile, bool?, CloudProfile> into) =>
        yes is null ? new(seen) : new(seen, yes.Value ? "yes" : "no", profile => into(profile, yes));
}

/// <summary>A finding with the question it answers.</summary>
sealed record ProbeRow(Experiment Experiment, Finding Finding);
