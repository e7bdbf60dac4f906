using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace RufusIngest.Server;

/// <summary>Looks up the access of a request's key, comparing hashes in constant time.</summary>
sealed class ApiKeys
{
    const int MaxKeyBytes = 512;

    readonly byte[][] _hashes;
    readonly VenueAccess[] _access;
    readonly VenueRules _rules;

    public ApiKeys(IReadOnlyList<VenueKey> keys, VenueRules rules)
    {
        _rules = rules;
        if (keys.Count == 0)
            throw new ArgumentException("Without a key every request is forbidden.", nameof(keys));
        _hashes = new byte[keys.Count][];
        _access = new VenueAccess[keys.Count];
        for (var i = 0; i < keys.Count; i++)
        {
            var (name, key, access) = keys[i];
            if (string.IsNullOrWhiteSpace(key) || key.Trim() != key || Encoding.UTF8.GetByteCount(key) > MaxKeyBytes)
            {
                throw new ArgumentException(
                    $"Key '{name}' must be 1 to {MaxKeyBytes} bytes, without spaces around it.", nameof(keys));
            }

            _hashes[i] = SHA256.HashData(Encoding.UTF8.GetBytes(key));
            _access[i] = access;
            if (Find(_hashes[i], i) >= 0)
                throw new ArgumentException($"Key '{name}' is the same as an earlier one.", nameof(keys));
        }
    }

    /// <summary>
    /// What the request's key allows; null without one in a header that counts, <see cref="VenueAccess.None"/> when it
    /// is unknown or there are two.
    /// </summary>
    public VenueAccess? AccessOf(IHeaderDictionary headers)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        Span<byte> second = stackalloc byte[SHA256.HashSizeInBytes];
        var underscored = _rules.ApiKeyHeader ? headers["api_key"] : default;
        var dashed = _rules.XApiKeyHeader ? headers["x-api-key"] : default;
        if (underscored.Count + dashed.Count == 0)
            return null;
        if (!TryHash(underscored.Count > 0 ? underscored : dashed, hash))
            return VenueAccess.None;
        if (underscored.Count > 0 && dashed.Count > 0
            && !(TryHash(dashed, second) && CryptographicOperations.FixedTimeEquals(hash, second)))
        {
            return VenueAccess.None;
        }

        var found = Find(hash, _hashes.Length);
        return found < 0 ? VenueAccess.None : _access[found];
    }

    int Find(ReadOnlySpan<byte> hash, int count)
    {
        var found = -1;
        for (var i = 0; i < count; i++)
        {
            if (CryptographicOperations.FixedTimeEquals(hash, _hashes[i]))
                found = i;
        }

        return found;
    }

    static bool TryHash(StringValues header, Span<byte> hash)
    {
        Span<byte> key = stackalloc byte[MaxKeyBytes];
        if (header.Count != 1 || !Encoding.UTF8.TryGetBytes(header[0], key, out var length))
            return false;
        SHA256.HashData(key[..length], hash);
        return true;
    }
}
