using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace RufusIngest.Server;

/// <summary>Reads a request's parameters; keeps what was wrong with the first that is.</summary>
sealed class QueryReader(IQueryCollection query)
{
    /// <summary>Most passings, devices and sessions of a page, and how many without <c>limit</c>.</summary>
    public const int MaxPage = 5_000;

    /// <summary>The same of events.</summary>
    public const int MaxEventsPage = 1_000;

    /// <summary>Which parameter is wrong, and how; null when none is.</summary>
    public string? Error { get; private set; }

    public long? Number(string name) =>
        query.ContainsKey(name) ? Integer(name, 0, long.MaxValue, 0, "of 0 or more") : null;

    /// <summary>Milliseconds since the Unix epoch.</summary>
    public long? Time(string name)
    {
        if (Text(name) is not { } text)
            return null;
        if (!Rfc3339.TryParse(Encoding.UTF8.GetBytes(text), out var milliseconds))
            Error ??= $"{name} is not an RFC 3339 date-time";
        return milliseconds;
    }

    public string? Text(string name)
    {
        var values = query[name];
        if (values.Count > 1)
            Error ??= $"{name} is given more than once";
        return values.Count > 0 ? values[0] : null;
    }

    public Paging Paging(int maxLimit = MaxPage) => new(
        (int)Integer("page", 1, int.MaxValue, 1, "of 1 or more"),
        (int)Integer("limit", 1, maxLimit, maxLimit, $"from 1 to {maxLimit}"));

    /// <summary>The range of <c>first</c> and <c>last</c>.</summary>
    public PassingRange Numbers() =>
        PassingRange.All with { First = Number("first") ?? 0, Last = Number("last") ?? long.MaxValue };

    /// <summary>The range of <c>from</c> and <c>to</c>.</summary>
    public PassingRange Times() =>
        PassingRange.All with { FromMs = Time("from") ?? long.MinValue, ToMs = Time("to") ?? long.MaxValue };

    long Integer(string name, long min, long max, long absent, string wanted)
    {
        if (!query.TryGetValue(name, out var text))
            return absent;
        if (text.Count == 1 && long.TryParse(text[0], NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            && value >= min && value <= max)
        {
            return value;
        }

        Error ??= $"{name} is not an integer {wanted}";
        return absent;
    }
}
