using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace RufusIngest.Server;

/// <summary>Range of numbers, both ends included, and the page of it that is wanted.</summary>
readonly record struct PassingsQuery(long First, long Last, int Page, int Limit)
{
    /// <summary>Null, or which parameter is wrong.</summary>
    public static string? Read(IQueryCollection query, out PassingsQuery result)
    {
        result = default;
        if (!TryRead(query, "first", 0, long.MaxValue, 0, out var first))
            return "first is not an integer of 0 or more";
        if (!TryRead(query, "last", 0, long.MaxValue, long.MaxValue, out var last))
            return "last is not an integer of 0 or more";
        if (!TryRead(query, "page", 1, int.MaxValue, 1, out var page))
            return "page is not an integer of 1 or more";
        if (!TryRead(query, "limit", 1, PassingsReader.MaxPage, PassingsReader.MaxPage, out var limit))
            return $"limit is not an integer from 1 to {PassingsReader.MaxPage}";
        result = new(first, last, (int)page, (int)limit);
        return null;
    }

    static bool TryRead(IQueryCollection query, string name, long min, long max, long absent, out long value)
    {
        value = absent;
        if (!query.TryGetValue(name, out var text))
            return true;
        return text.Count == 1 && long.TryParse(text[0], NumberStyles.None, CultureInfo.InvariantCulture, out value)
            && value >= min && value <= max;
    }
}
